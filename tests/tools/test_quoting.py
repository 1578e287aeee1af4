"""New, quoted and forwarded text in seven languages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import SHARED
from tools.layout import clean
from tools.message import PassageKind
from tools.quoting import split

SAMPLES = SHARED / "data" / "public" / "reply-stripping.jsonl"


def text_of(kind: PassageKind, body: str, subject: str = "") -> str:
    return " ".join("".join(body[p.start : p.end] for p in split(body, subject=subject) if p.kind == kind).split())


def new(body: str, subject: str = "") -> str:
    return text_of(PassageKind.new, body, subject)


ATTRIBUTIONS = [
    "On Mon, 2 Mar 2026 at 09:14, Ann Lee <ann@x.example> wrote:",
    "On 2 Mar 2026, at 09:14, Ann Lee wrote:",
    "Am 02.03.2026 um 09:14 schrieb Ann Lee:",
    "Am Mo., 2. März 2026 um 09:14 Uhr schrieb Ann Lee <ann@x.example>:",
    "Le lun. 2 mars 2026 à 09:14, Ann Lee <ann@x.example> a écrit :",
    "El lun, 2 mar 2026 a las 9:14, Ann Lee (<ann@x.example>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 09:14 Ann Lee <ann@x.example> ha scritto:",
    "Op ma 2 mrt 2026 om 09:14 schreef Ann Lee <ann@x.example>:",
    "W dniu 2.03.2026 o 09:14, Ann Lee pisze:",
    "pon., 2 mar 2026 o 09:14 Ann Lee <ann@x.example> napisał(a):",
    "2026-03-02 9:14 GMT+01:00 Ann Lee <ann@x.example>:",
    "On Mon, 2 Mar 2026 at 09:14, Ann Lee\n<ann@x.example> wrote:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_what_follows_an_attribution_is_quoted(attribution, mark):
    body = f"It is ready.\n\n{attribution}\n\n{mark}Where is it?\n{mark}Ann\n"
    assert new(body) == "It is ready."


HEADERS = [
    "From: Ann Lee <ann@x.example>\nSent: Monday, March 2, 2026 9:14 AM\nTo: Bob\nSubject: Order 7",
    "Von: Ann Lee\nGesendet: Montag, 2. März 2026 09:14\nAn: Bob\nBetreff: Auftrag 7",
    "De : Ann Lee\nEnvoyé : lundi 2 mars 2026 09:14\nÀ : Bob\nObjet : Commande 7",
    "De: Ann Lee\nEnviado: lunes, 2 de marzo de 2026 9:14\nPara: Bob\nAsunto: Pedido 7",
    "Da: Ann Lee\nInviato: lunedì 2 marzo 2026 09:14\nA: Bob\nOggetto: Ordine 7",
    "Van: Ann Lee\nVerzonden: maandag 2 maart 2026 09:14\nAan: Bob\nOnderwerp: Order 7",
    "Od: Ann Lee\nWysłano: poniedziałek, 2 marca 2026 09:14\nDo: Bob\nTemat: Zamówienie 7",
    "*From:* Ann Lee\n*Sent:* Monday\n*To:* Bob\n*Subject:* Order 7",
]


@pytest.mark.parametrize("headers", HEADERS)
def test_a_block_of_copied_headers_opens_old_text(headers):
    body = f"It is ready.\n\n{headers}\n\nWhere is it?\n"
    assert new(body) == "It is ready."
    assert "Where is it?" in text_of(PassageKind.quoted, body)


@pytest.mark.parametrize("prefix", ["FW:", "Fwd:", "WG:", "TR:", "RV:", "I:", "PD:"])
@pytest.mark.parametrize("headers", HEADERS[:7])
def test_in_a_forward_the_old_text_is_what_is_to_be_read(prefix, headers):
    body = f"Can you take this?\n\n{headers}\n\nWe deliver on Friday.\n"
    assert "We deliver on Friday." in text_of(PassageKind.forwarded, body, f"{prefix} Order 7")
    assert new(body, f"{prefix} Order 7") == "Can you take this?"


MARKS = [
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "-------- Weitergeleitete Nachricht --------",
    "Anfang der weitergeleiteten Nachricht:",
    "-------- Message transféré --------",
    "Début du message réexpédié :",
    "---------- Mensaje reenviado ----------",
    "Inizio messaggio inoltrato:",
    "-------- Doorgestuurd bericht --------",
    "-------- Wiadomość przekazana dalej --------",
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_forward_is_known_by_its_mark_whatever_the_subject(mark):
    body = f"Please enter.\n\n{mark}\nFrom: Ann <ann@x.example>\nDate: 2 March 2026\nSubject: Plan\nTo: Bob\n\nTen on Friday.\n"
    assert new(body) == "Please enter."
    assert "Ten on Friday." in text_of(PassageKind.forwarded, body)


def test_a_forward_written_with_angle_brackets_is_forwarded_and_its_history_quoted():
    body = "See.\n\nBegin forwarded message:\n\n> From: Ann <a@x.example>\n> Subject: Plan\n> To: Bob\n>\n> Ten.\n>> Old.\n\nBye"
    assert "Ten." in text_of(PassageKind.forwarded, body)
    assert text_of(PassageKind.quoted, body) == ">> Old."
    assert new(body) == "See. Bye"


def test_history_inside_a_forward_is_quoted():
    told = "We regret that the goods of your order will only arrive in the second week of April, all of them. " * 3
    body = f"{HEADERS[0]}\n\n{told}\n\n{HEADERS[1]}\n\nWo bleibt die Ware?\n"
    assert told.strip() in text_of(PassageKind.forwarded, body, "Fwd: x")
    assert "Wo bleibt die Ware?" in text_of(PassageKind.quoted, body, "Fwd: x")


def test_a_reply_to_a_forward_is_a_reply():
    assert "Old" in text_of(PassageKind.quoted, f"Yes.\n\n{HEADERS[0]}\n\nOld\n", "Re: Fwd: Order 7")


def test_answers_between_quoted_lines_are_new():
    body = "> Can you keep 3 May?\nYes\n\n> And the blue ones?\n\nNo, on 9 May.\n> Thanks\n"
    assert new(body) == "Yes No, on 9 May."


def test_answers_between_quoted_lines_below_an_attribution_are_new():
    body = f"See below.\n\n{ATTRIBUTIONS[0]}\n> Can you keep 3 May?\n\nYes.\n\n> Thanks\n"
    assert new(body) == "See below. Yes."


@pytest.mark.parametrize(
    "mark", ["-----Original Message-----", "-----Ursprüngliche Nachricht-----", "-----Message d'origine-----"]
)
def test_an_original_message_rule_opens_old_text(mark):
    assert new(f"Fine.\n\n{mark}\nFrom: Ann\nSent: 2 March\n\nOld\n") == "Fine."


def test_a_mail_of_old_text_only_is_read_as_forwarded():
    assert "We ship on Friday." in text_of(PassageKind.forwarded, f"{HEADERS[3]}\n\nWe ship on Friday.\n")
    assert text_of(PassageKind.forwarded, "> We ship on Friday.\n") == "> We ship on Friday."


@pytest.mark.parametrize(
    "body",
    [
        "From: Vienna\nTo: Lyon\nDate: 12 May\n\nPlease quote.",
        "On Monday we wrote: the price is 4.20.",
        "Am Freitag kommt der LKW um 10:00 Uhr.\nBitte Rampe 3:\nTor 2",
        "Le transporteur a écrit que tout va bien.",
        "Order 77:\nA-1 on 12.05. at 10:00:\n4 pieces",
    ],
)
def test_ordinary_text_is_not_taken_for_old(body):
    assert new(body) == " ".join(body.split())


@pytest.mark.parametrize(
    "piece", ["On ", "On 1 May 2026 ", "> ", "From: a@b.c\n", "-", "wrote:\n", "On 1:\n", "<a@b.c>:\n", " "]
)
def test_the_work_grows_with_the_text_and_no_faster(piece):
    """A size that takes minutes where time grows with the square."""
    passages = split(piece * 20_000)
    assert passages[-1].end == len(piece) * 20_000


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*ATTRIBUTIONS, *HEADERS, *MARKS, "> x", "-- ", "Best regards", "word", "", "P.S. y"])
        | st.text(max_size=30),
        max_size=25,
    ),
    st.sampled_from(["", "Fwd: x", "Re: x"]),
)
def test_passages_cover_any_text_without_gaps(lines, subject):
    body = "\n".join(lines)
    position = 0
    for passage in split(body, subject=subject):
        assert passage.start == position < passage.end
        position = passage.end
    assert position == len(body)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the shared data (reply-stripping) is not here")
def test_most_published_samples_are_split_as_expected():
    """Libraries differ on signatures and on keeping `>` lines, so nine in ten is as much as they agree on themselves."""
    right = total = 0
    for line in SAMPLES.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        expected, text = sample["expected"], clean(sample["text"])
        if not expected or "<" in expected[:10] or ">" in expected:
            continue
        passages = split(text)
        parts = [text_with(text, passages, kinds) for kinds in ({"new"}, {"new", "signature", "disclaimer"})]
        total += 1
        right += " ".join(clean(expected).split()) in parts
    assert total > 70
    assert right / total >= 0.85


def text_with(text: str, passages: list, kinds: set[str]) -> str:
    return " ".join("".join(text[p.start : p.end] for p in passages if p.kind.value in kinds).split())
