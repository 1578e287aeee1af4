"""Suites: their manifest, and versions that follow the content and nothing else."""

from __future__ import annotations

import pytest

from evals.demo_company import SUITES
from evals.labelled import LabelError
from evals.runs.suite import load_suite, load_suites
from tests.evals.runs.made import about


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "ours"
    (made / "raw").mkdir(parents=True)
    (made / "cases.jsonl").write_text("".join(about(n).model_dump_json() + "\n" for n in (1, 2)))
    for n in (1, 2):
        (made / "raw" / f"c{n}.eml").write_bytes(b"Subject: x\r\n\r\nHello\r\n")
    (made / "records.json").write_text("{}")
    return made


def test_a_suite_without_a_manifest_goes_by_its_folder(folder):
    info = load_suite(folder).info
    assert (info.name, info.license, info.cases) == ("ours", "not stated", 2)


def test_a_manifest_says_name_licence_and_how_it_was_made(folder):
    (folder / "manifest.yaml").write_text("name: theirs\nlicense: MIT\nprovenance: by hand\nnow: 2026-01-01\n")
    info = load_suite(folder).info
    assert (info.name, info.license, info.provenance) == ("theirs", "MIT", "by hand")


@pytest.mark.parametrize("shipped", sorted(path.parent for path in SUITES.glob("*/cases.jsonl")), ids=lambda p: p.name)
def test_every_suite_that_ships_says_its_licence_and_how_it_was_made(shipped):
    info = load_suite(shipped).info
    assert (info.name, info.license) == (shipped.name, "Apache-2.0")
    assert info.title
    assert info.provenance
    assert info.records_version


def test_a_manifest_that_is_broken_is_named(folder):
    (folder / "manifest.yaml").write_text("title: nameless\n")
    with pytest.raises(LabelError, match=r"(?s)manifest.yaml: .*name"):
        load_suite(folder)


def test_versions_follow_what_they_name_alone(folder):
    before = load_suite(folder).info
    (folder / "cases.jsonl").write_text(
        "".join(
            about(n).model_copy(update={"expected": None} if n == 1 else {}).model_dump_json() + "\n" for n in (1, 2)
        )
    )
    relabelled = load_suite(folder).info
    assert (relabelled.data_version, relabelled.records_version) == (before.data_version, before.records_version)
    assert relabelled.label_version != before.label_version
    (folder / "raw" / "c1.eml").write_bytes(b"Subject: y\r\n\r\nHello\r\n")
    rewritten = load_suite(folder).info
    assert rewritten.data_version != relabelled.data_version
    assert rewritten.label_version == relabelled.label_version


def test_a_message_that_is_gone_has_no_hash(folder):
    (folder / "raw" / "c1.eml").unlink()
    assert load_suite(folder).inputs["c1"] is None


def test_two_suites_of_one_name_are_refused(folder):
    with pytest.raises(LabelError, match="Two suites are named 'ours'"):
        load_suites([folder, folder])
