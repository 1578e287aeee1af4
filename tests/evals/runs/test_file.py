"""The run file: read back as written, cut off anywhere, continued only by the same work."""

from __future__ import annotations

import pytest

from evals.labelled import LabelError
from evals.runs.file import End, Failure, RunWriter, Versions, read_run
from tests.evals.runs.made import about, header, suite_info, tried


@pytest.fixture
def file(tmp_path):
    """Two tries, the second for want of a server."""
    path = tmp_path / "a.jsonl"
    away = tried(about(2), failure=Failure.infrastructure)
    with RunWriter(path, header()) as writer:
        writer.write(
            [Versions(id="v", versions={"policy": "p"}), tried(about(1), versions="v"), away, End(seconds=2.0)]
        )
    return path


def test_what_was_written_is_read_back(file):
    run = read_run(file)
    assert (run.name, run.header, run.versions, run.end) == ("a", header(), {"v": {"policy": "p"}}, End(seconds=2.0))
    assert run.tries[0] == tried(about(1), versions="v")


def test_a_file_cut_off_anywhere_after_its_header_is_a_run_that_is_not_complete(file):
    content = file.read_bytes()
    first = content.index(b"\n") + 1
    for length in range(first, len(content), 7):
        file.write_bytes(content[:length])
        assert read_run(file).end is None


def test_a_continued_run_repeats_infrastructure_failures_and_nothing_else(file):
    with RunWriter(file, header()) as writer:
        assert writer.done == {("ours", "c1", 0)}
        assert writer.known_versions == {"v"}
        writer.write([tried(about(2))])
    again = read_run(file)
    assert [t.failure for t in again.tries] == [None, None]


def test_a_line_that_was_cut_off_is_dropped_before_more_is_written(file):
    file.write_bytes(file.read_bytes() + b'{"kind": "case", "sui')
    with RunWriter(file, header()) as writer:
        writer.write([tried(about(3))])
    assert [t.case.id for t in read_run(file).tries] == ["c1", "c2", "c3"]


@pytest.mark.parametrize(
    "other",
    [
        {"engine": "llm"},
        {"repeats": 2},
        {"code": "changed"},
        {"suites": [suite_info(label_version="mended")]},
        {"suites": [suite_info(data_version="other")]},
    ],
)
def test_a_run_of_something_else_is_not_continued(file, other):
    with pytest.raises(LabelError, match="holds a run of something else"):
        RunWriter(file, header(**other))


def test_the_folder_in_which_a_suite_stands_does_not_matter(file):
    with RunWriter(file, header(suites=[suite_info(path="elsewhere")])) as writer:
        assert writer.done


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ('{"kind": "end", "seconds": 1}\n', "does not begin with a run's header"),
        ("<html>\n", r"a.jsonl:1 is no line of a run"),
        ('{"kind": "sonnet"}\n', r"a.jsonl:1 is no line of a run"),
        ("[]\n", r"a.jsonl:1 is no line of a run"),
        (header(format=99).model_dump_json() + "\n", "has format 99, this version reads 1"),
    ],
)
def test_a_file_that_is_no_run_is_refused_with_the_place(tmp_path, content, said):
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(LabelError, match=said):
        read_run(tmp_path / "a.jsonl")
