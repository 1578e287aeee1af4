"""Made suites: labels stay right, the same seed gives the same bytes, and every file is read."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.taxonomy import taxonomy
from evals.attacks import load_attacks
from evals.demo_company import SUITE
from evals.generated import perturb
from evals.generated.abstention import make_abstention
from evals.generated.attacked import MAIL_PLACES, make_injection
from evals.generated.robustness import make_robustness
from evals.generated.stress import KINDS, LINE_COUNTS, make_stress
from evals.labelled import LabelError
from evals.runs.suite import load_suite

CODE = re.compile(r"\S*\d\S*")
ATTACKS = Path(__file__).with_name("attacks.jsonl")
MAKERS = {
    "injection": lambda base, out: make_injection(base, out, ATTACKS, each=2),
    "stress": lambda base, out: make_stress(base, out, each=3),
    "abstention": make_abstention,
    "robustness": make_robustness,
}


@pytest.fixture(scope="module")
def base():
    return load_suite(SUITE)


@pytest.fixture(scope="module")
def made(base, tmp_path_factory):
    """One suite of each kind."""
    folder = tmp_path_factory.mktemp("made")
    for name, maker in MAKERS.items():
        maker(base, folder / name)
    return {name: load_suite(folder / name) for name in MAKERS}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_message_of_a_made_suite_is_read(made, kind):
    for case in made[kind].labelled.cases:
        assert made[kind].labelled.message(case).channel == "email"


@pytest.mark.parametrize("kind", MAKERS)
def test_a_manifest_says_that_nothing_is_fitted_on_it_and_how_it_was_made(made, base, kind):
    manifest = yaml.safe_load((made[kind].labelled.path / "manifest.yaml").read_text("utf-8"))
    assert manifest["use"] == "measurement"
    assert f"triage eval make {kind}" in manifest["provenance"]
    assert base.info.data_version in manifest["provenance"]


@pytest.mark.parametrize("kind", MAKERS)
def test_labels_keep_to_the_taxonomy_and_name_lines_that_are_there(made, kind):
    labelled = made[kind].labelled
    records = json.loads(labelled.records_path.read_bytes())
    lines = {row["id"] for model in ("purchase.order.line", "sale.order.line") for row in records[model]}
    for case in labelled.cases:
        for e in case.expected.exceptions:
            assert set(e.actions) <= set(taxonomy().actions)
            assert {line["line_id"] for line in e.fields.get("lines", [])} - {None} <= lines


@pytest.mark.parametrize("kind", MAKERS)
def test_a_made_suite_is_the_same_each_time(made, base, tmp_path, kind):
    MAKERS[kind](base, tmp_path / "again")
    assert load_suite(tmp_path / "again").info.data_version == made[kind].info.data_version


def test_stress_holds_every_kind_and_every_number_of_lines(made):
    kinds = {tag for case in made["stress"].labelled.cases for tag in case.tags["noise"] if tag.startswith("stress ")}
    assert {f"stress {kind}" for kind in KINDS} <= kinds
    assert {f"stress lines {count}" for count in LINE_COUNTS} <= kinds


def test_stressed_mails_keep_their_labels_and_all_codes_of_what_they_say_now(made, base):
    originals = {case.id: case for case in base.labelled.cases}
    for case in made["stress"].labelled.cases:
        if case.id.startswith("many-lines"):
            continue
        original = originals[case.id.rpartition("-")[0]]
        assert case.expected == original.expected
        said = base.labelled.message(original).new_text
        text = made["stress"].labelled.message(case).body
        assert set(CODE.findall(said)) <= set(CODE.findall(text)), case.id


def letters(text):
    """What is left of a text wherever it is put: the name of a file holds no colon."""
    return re.sub(r"[\W_]", "", text)


def test_an_attacked_mail_keeps_its_labels_and_holds_its_payload(made, base):
    originals = {case.id: case for case in base.labelled.cases}
    payloads = [attack.text for attack in load_attacks(ATTACKS)]
    cases = made["injection"].labelled.cases
    assert {case.tags["attack"] for case in cases} == {f"injection {place}" for place in MAIL_PLACES}
    for case in cases:
        original = next(o for name, o in originals.items() if case.id.endswith(name))
        assert case.expected == original.expected
        message = made["injection"].labelled.message(case)
        names = [attachment.name for attachment in message.attachments]
        everything = " ".join([message.subject, *names, *(part.text for part in message.parts)])
        assert any(letters(text)[:24] in letters(everything) for text in payloads), case.id


def test_an_injection_suite_without_payloads_is_refused(base, tmp_path):
    (tmp_path / "none.jsonl").write_text("")
    with pytest.raises(LabelError, match=r"none\.jsonl holds nothing"):
        make_injection(base, tmp_path / "out", tmp_path / "none.jsonl")


def test_an_order_of_many_lines_is_on_record_and_wholly_moved(made):
    labelled = made["stress"].labelled
    records = json.loads(labelled.records_path.read_bytes())
    case = next(c for c in labelled.cases if c.id == f"many-lines-{LINE_COUNTS[-1]}")
    (label,) = case.expected.exceptions
    order = next(o for o in records["purchase.order"] if o["id"] == label.record.id)
    assert order["order_line"] == [line["line_id"] for line in label.fields["lines"]]
    assert [o["name"] for o in records["purchase.order"]].count(order["name"]) == 1


def test_nothing_is_written_over(base, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LabelError, match="is not empty"):
        make_abstention(base, tmp_path)


words = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäéł .,\n0123456789-/@", max_size=200)


@given(words, st.integers(0, 99))
def test_typing_and_scanning_errors_leave_everything_with_a_digit_alone(text, seed):
    for change in (perturb.typos, perturb.scanned):
        changed = change(text, random.Random(seed))
        kept = [word for word in CODE.findall(text) if not re.search(r"[^\W\d_]{5}", word)]
        assert [word for word in kept if word not in changed] == []


@pytest.mark.parametrize("language", perturb.SAME)
def test_a_paraphrase_says_it_in_other_words(language):
    for group in perturb.SAME[language]:
        changed = perturb.paraphrase(f"{group[0]}, 4711.", language, random.Random(1))
        assert changed != f"{group[0]}, 4711."
        assert changed.endswith(", 4711.")


def test_typos_change_some_words_and_not_most():
    text = "several ordinary words without numbers stand here " * 20
    changed = perturb.typos(text, random.Random(3))
    differing = sum(a != b for a, b in zip(text.split(), changed.split(), strict=True))
    assert 0 < differing < 0.2 * len(text.split())
