"""A text is cut into the sentences and lines that one thing is said in; nothing is lost and every offset is exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.segments import MAX_STATEMENTS, cut, statements
from tests.agent.company import mail
from tools.message import Part, Passage, PassageKind

NEW = PassageKind.new


def pieces(text: str) -> list[str]:
    return [s.text for s in cut(Part(name="body", text=text), 0, len(text), NEW)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is late. We are sorry!", ["It is late.", "We are sorry!"]),
        ("When? Tomorrow.", ["When?", "Tomorrow."]),
        ("It arrives Nov 9. Pls confirm.", ["It arrives Nov 9.", "Pls confirm."]),
        ("Llega el jueves 17. Los demás van.", ["Llega el jueves 17.", "Los demás van."]),
        ("Alles schuift een week op. Sorry.", ["Alles schuift een week op.", "Sorry."]),
        ("Wir kommen am 14. Das ist sicher.", ["Wir kommen am 14.", "Das ist sicher."]),
        ("Neuer Termin: KW 6. Spiegel sind da.", ["Neuer Termin: KW 6.", "Spiegel sind da."]),
        ("first line\nSecond line", ["first line", "Second line"]),
        ("One.\n\n\nTwo.", ["One.", "Two."]),
        (
            "The hose costs 51.50 per roll, and the sprinklers come on 13 April.",
            ["The hose costs 51.50 per roll, ", "and the sprinklers come on 13 April."],
        ),
        ("We send 10 pallets, and we thank you for waiting.", ["We send 10 pallets, and we thank you for waiting."]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_sentences_and_lines_stand_alone(text, expected):
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Die Lieferung kommt am 14. Dezember an.",
        "Art. Nr. 12345 kostet 3.50 pro Stk. ab Lager.",
        "The approx. weight is 3.5 kg per pc. in total.",
        "La livraison est prévue le 3. Juin au plus tard.",
        "Please see no. 7 of the list.",
        "Mr. Smith has it.",
        "Neue Anschrift: Hafenstr. 12, 24103 Kiel",
        "10 szt. 13.10. i reszta",
        "5 Stk. 14.12. geliefert",
        "20 uds. 3 de diciembre",
        "ca. 14.12. bei Ihnen",
        "Wir liefern in der 40. KW nach",
        "Die 3. Lieferung kommt",
    ],
)
def test_day_numbers_abbreviations_and_decimals_end_no_sentence(text):
    assert pieces(text) == [text]


def test_hard_wrapped_lines_are_one_statement():
    text = "We regret to tell you that the delivery of your order will\nbe later than we had agreed."
    assert pieces(text) == [text]


def test_a_week_number_is_not_cut_from_its_week_by_a_line_break():
    text = "Wir liefern die Position in der 40.\nKW nach."
    assert pieces(text) == [text]


def test_list_items_stay_apart():
    text = "Changes:\n- ropes come on 3 June\n- fenders come on 9 June\n1) lamps are gone"
    assert pieces(text) == ["Changes:", "- ropes come on 3 June", "- fenders come on 9 June", "1) lamps are gone"]


def test_a_quote_mark_before_a_line_is_no_part_of_its_statement():
    assert pieces("> It is late.\n> Sorry for that.") == ["It is late.", "Sorry for that."]


def test_the_subject_comes_first_and_only_the_wanted_passages_follow():
    message = mail("New words.", subject="Order P00041", quoted="Old words.")
    assert [(s.part, s.text) for s in statements(message, NEW)] == [("subject", "Order P00041"), ("body", "New words.")]
    both = statements(message, NEW, PassageKind.quoted)
    assert [(s.text, s.kind) for s in both[1:]] == [("New words.", NEW), ("Old words.", PassageKind.quoted)]


def test_copied_headers_of_a_forward_are_no_statements_but_its_subject_is():
    older = "De : Loïc <loic@x.example>\nDate : mar. 15 sept. 2026 à 11:02\nObjet : P00041\nÀ : Ann <ann@y.example>\n\nIl en faut 10."
    message = mail(older)
    message.parts[-1].passages = [Passage(kind=PassageKind.forwarded, start=0, end=len(older))]
    read = [s.text for s in statements(message, NEW, PassageKind.forwarded)]
    assert "Objet : P00041" in read
    assert "Il en faut 10." in read
    assert not [text for text in read if "2026" in text or "@" in text]


def test_attachments_are_read_only_on_demand():
    message = mail("See attached.")
    message.parts.append(Part(name="attachment:ab.pdf", text="All as ordered."))
    assert [s.part for s in statements(message, NEW)] == ["body"]
    assert [s.part for s in statements(message, NEW, attachments=True)] == ["body", "attachment:ab.pdf"]


def test_no_more_statements_than_a_person_would_read():
    assert len(statements(mail("\n".join(f"Line {i}." for i in range(3 * MAX_STATEMENTS))), NEW)) == MAX_STATEMENTS


wild = st.lists(
    st.one_of(
        st.sampled_from(
            ["B", "late", "14", ". ", "! ", "…", "»", "\n", "\n\n", " ", "> ", "- ", ", but ", "nr. ", "x" * 60]
        ),
        st.characters(),
    ),
    max_size=40,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(wild, st.sampled_from([0, 0, 3]), st.sampled_from([0, 0, 3]))
def test_nothing_is_lost_and_offsets_point_at_the_text(text, skip, drop):
    start, end = min(skip, len(text)), max(min(skip, len(text)), len(text) - drop)
    found = cut(Part(name="body", text=text), start, end, NEW)
    at = start
    for statement in found:
        assert statement.text == text[statement.start : statement.end]
        assert statement.start >= at
        assert not text[at : statement.start].replace(">", "").strip()
        at = statement.end
    assert at <= end
    assert not text[at:end].replace(">", "").strip()
