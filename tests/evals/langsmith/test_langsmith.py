"""LangSmith by its own SDK against a server of ours: there and back without loss, runs as experiments, and offline nothing."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from agent.proposal import Action, Proposal, RecordRef, Triage
from evals.commands import app
from evals.labelled import LabelError, load_labelled
from evals.langsmith.connection import langsmith
from evals.langsmith.datasets import Pushed, pull, push
from evals.langsmith.evaluators import EVALUATORS, SUMMARY_EVALUATORS, target
from evals.langsmith.experiments import upload
from evals.runs import runner
from evals.runs.file import End, Failure, RunWriter
from evals.runs.grade import score_run
from evals.runs.suite import load_suite
from tests.evals.runs.made import DATE, about, header, run_of, tried
from tests.langsmith_server import langsmith_server

TEXTS = {1: "Später, sorry.", 2: "Zu spät\x00\u2028 </script>", 3: "Bald."}
VARIABLES = ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")


@pytest.fixture
def server(monkeypatch):
    with langsmith_server() as running:
        monkeypatch.setenv("LANGSMITH_API_KEY", "secret")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", running.url)
        yield running


@pytest.fixture
def folder(tmp_path):
    """A suite of three mails; the second is not labelled."""
    made = tmp_path / "ours"
    (made / "raw").mkdir(parents=True)
    write_cases(made)
    for n, text in TEXTS.items():
        mail = f"From: a@supplier.example\r\nSubject: P0000{n}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
        (made / "raw" / f"c{n}.eml").write_bytes(mail.encode())
    (made / "records.json").write_text('{"product.product": [{"id": 5, "default_code": "WIDGET", "name": "Widget"}]}')
    (made / "manifest.yaml").write_text("name: ours\ntitle: Ours\nlicense: MIT\nprovenance: By hand.\n")
    return made


def write_cases(folder, **second):
    cases = [
        about(1, tags={"language": "de", "noise": ["typo"]}),
        about(2).model_copy(update={"expected": None}),
        about(3),
    ]
    cases[1] = cases[1].model_copy(update=second)
    (folder / "cases.jsonl").write_text("".join(case.model_dump_json() + "\n" for case in cases))


def pushed(folder):
    with langsmith() as client:
        return push(client, load_suite(folder))


def test_a_suite_comes_back_as_it_went(server, folder, tmp_path):
    assert pushed(folder) == Pushed(added=3)
    with langsmith() as client:
        assert pull(client, "ours", tmp_path / "back", folder / "records.json") == 3
    there, back = load_suite(folder).info, load_suite(tmp_path / "back").info
    assert (back.data_version, back.label_version) == (there.data_version, there.label_version)
    assert (back.license, back.title) == ("MIT", "Ours")
    assert "By hand." in back.provenance
    assert load_labelled(tmp_path / "back").cases[0].tags == {"language": "de", "noise": ["typo"]}
    assert server.keys == {"secret"}


def test_a_second_push_changes_what_changed_alone(server, folder):
    pushed(folder)
    assert pushed(folder) == Pushed(unchanged=3)
    write_cases(folder, expected=about(2).expected)
    assert pushed(folder) == Pushed(changed=1, unchanged=2)
    assert pushed(folder) == Pushed(unchanged=3)
    assert len(server.examples) == 3


def test_labels_that_people_changed_there_are_pulled(server, folder, tmp_path):
    pushed(folder)
    corrected = next(e for e in server.examples.values() if e["inputs"]["id"] == "c2")
    corrected["outputs"] = {"exceptions": [{"intent": "auto_reply", "actions": ["no_action"]}], "manual": False}
    with langsmith() as client:
        pull(client, "ours", tmp_path / "back")
    second = load_labelled(tmp_path / "back").cases[1]
    assert second.expected.exceptions[0].intent == "auto_reply"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda inputs: inputs.update(id="../../escape"), "cannot name a file"),
        (lambda inputs: inputs.update(raw="%%%"), "c1"),
        (lambda inputs: inputs.pop("raw"), "has no 'raw'"),
        (lambda inputs: inputs.update(channel="pigeon"), "pigeon"),
    ],
)
def test_an_example_that_is_no_case_is_refused_by_name(server, folder, tmp_path, spoil, said):
    pushed(folder)
    spoil(next(e for e in server.examples.values() if e["inputs"]["id"] == "c1")["inputs"])
    with pytest.raises(LabelError, match=said), langsmith() as client:
        pull(client, "ours", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_other_records_than_the_labels_were_made_by_are_refused(server, folder, tmp_path):
    pushed(folder)
    (tmp_path / "others.json").write_text("{}")
    with pytest.raises(LabelError, match="give those records"), langsmith() as client:
        pull(client, "ours", tmp_path / "back", tmp_path / "others.json")


@pytest.fixture
def run(folder):
    """A run over the suite: right, not labelled, failed."""
    suite = load_suite(folder)
    tries = [
        tried(about(1), spans={"read": 0.1, "match": 0.2}),
        tried(about(2)),
        tried(about(3), failure=Failure.product),
    ]
    tries[1].case.expected = None
    tries[2].prediction.error = "ValueError: a bug"
    tries = [t.model_copy(update={"input": suite.inputs[t.case.id]}) for t in tries]
    tries[0].prediction.seconds = 0.5
    return run_of(*tries, name="night", suites=[suite.info])


def test_a_run_is_an_experiment_beside_its_dataset(server, folder, run):
    pushed(folder)
    with langsmith() as client:
        (name,) = upload(client, run)
    (project,) = server.projects.values()
    (dataset,) = server.datasets
    assert (project["name"], project["reference_dataset_id"]) == (name, dataset)
    assert project["end_time"]
    assert project["extra"]["metadata"]["label_version"] == run.header.suites[0].label_version
    roots = {
        server.examples[r["reference_example_id"]]["inputs"]["id"]: r
        for r in server.runs.values()
        if not r.get("parent_run_id")
    }
    assert set(roots) == {"c1", "c3"}
    assert roots["c1"]["outputs"]["exceptions"][0]["intent"] == DATE
    assert roots["c3"]["error"] == "ValueError: a bug"
    steps = [r["name"] for r in server.runs.values() if r.get("parent_run_id") == roots["c1"]["id"]]
    assert steps == ["read", "match"]


def test_what_an_experiment_says_is_what_the_run_says(server, folder, run):
    pushed(folder)
    with langsmith() as client:
        upload(client, run)
    of_run = {f["key"]: f["score"] for f in server.feedback if not f.get("run_id")}
    figures = score_run(run).suites["ours"].figures
    assert of_run == pytest.approx({key: f.value for key, f in figures.items() if f.value is not None}, abs=1e-4)
    errors = {r["id"]: r.get("error") for r in server.runs.values()}
    right = {
        bool(errors[f["run_id"]]): f["score"] for f in server.feedback if f["key"] == "end_to_end" and f.get("run_id")
    }
    assert right == {False: 1.0, True: 0.0}


def test_a_run_of_messages_that_the_dataset_does_not_hold_is_refused_before_anything_is_sent(server, folder, run):
    pushed(folder)
    other = run.model_copy(update={"tries": [run.tries[0].model_copy(update={"input": "another"})]})
    with pytest.raises(LabelError, match="another message for c1"), langsmith() as client:
        upload(client, other)
    assert server.projects == {}


def test_what_the_service_lost_is_told(server, folder, run):
    pushed(folder)
    server.refuse["/runs/multipart"] = 422
    with pytest.raises(LabelError, match="did not take everything"), langsmith() as client:
        upload(client, run)


class Scripted:
    def triage(self, message):
        number = int(message.subject[-1])
        proposal = Proposal(
            intent=DATE,
            record=RecordRef(model="purchase.order", id=number if number == 1 else 99, name="P"),
            actions=[Action(name="update_delivery_date")],
            confidence=0.8,
        )
        return Triage(message_id=message.id, proposals=[proposal])


def test_evaluate_runs_the_pipeline_and_gives_the_figures_of_triage_eval(server, folder, monkeypatch, tmp_path):
    """The SDK's own `evaluate()`, without uploading, beside `triage eval run` over the same suite."""
    from langsmith import evaluate

    monkeypatch.setattr(runner, "engine_named", lambda name, reader, **rest: Scripted())
    write_cases(folder, expected=about(2).expected)
    pushed(folder)
    before = len(server.asked)
    with langsmith() as client:
        examples = list(client.list_examples(dataset_name="ours"))
        results = evaluate(
            target(folder),
            data=examples,
            evaluators=EVALUATORS,
            summary_evaluators=SUMMARY_EVALUATORS,
            client=client,
            upload_results=False,
            blocking=True,
        )
        scores = {r.key: r.score for r in results._summary_results["results"]}
    ours = runner.run([load_suite(folder)], tmp_path / "run.jsonl")
    figures = score_run(ours).overall.figures
    assert scores["exception_f1"] == figures["exception_f1"].value == pytest.approx(1 / 3)
    assert {k for k, f in figures.items() if f.value is not None} - {"seconds_median", "seconds_p95"} <= scores.keys()
    rows = {row["example"].inputs["id"]: row["evaluation_results"]["results"] for row in results}
    assert {case: next(r.score for r in row if r.key == "end_to_end") for case, row in rows.items()} == {
        "c1": 1,
        "c2": 0,
        "c3": 0,
    }
    assert not any("POST" in asked for asked in server.asked[before:])


class TestOffline:
    @pytest.fixture(autouse=True)
    def unset(self, monkeypatch):
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)

    @pytest.mark.parametrize("words", [["push", "SUITE"], ["pull", "ours", "OUT"], ["experiment", "RUN"]])
    def test_without_a_key_each_command_ends_with_a_sentence(self, folder, tmp_path, words):
        with RunWriter(tmp_path / "run.jsonl", header()) as writer:
            writer.write([tried(about(1)), End(seconds=1.0)])
        paths = {"SUITE": folder, "OUT": tmp_path / "out", "RUN": tmp_path / "run.jsonl"}
        result = CliRunner().invoke(app, ["langsmith", *(str(paths.get(word, word)) for word in words)])
        assert (result.exit_code, "Set LANGSMITH_API_KEY" in result.stderr) == (2, True)

    def test_a_service_that_is_not_there_is_named(self, folder, monkeypatch):
        monkeypatch.setenv("LANGSMITH_API_KEY", "secret")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
        with pytest.raises(LabelError, match=r"127.0.0.1:9.*Check LANGSMITH_ENDPOINT") as refused:
            pushed(folder)
        assert "secr" not in str(refused.value)


def test_the_commands_push_pull_and_show(server, folder, tmp_path, run):
    def said(*words):
        result = CliRunner().invoke(app, ["langsmith", *map(str, words)])
        assert result.exit_code == 0, result.output
        return result.stdout

    with RunWriter(tmp_path / "night.jsonl", run.header) as writer:
        writer.write([*run.tries, run.end])
    assert "theirs: 3 added, 0 changed" in said("push", folder, "--dataset", "theirs")
    assert "3 cases written" in said("pull", "theirs", tmp_path / "back")
    assert "experiment night-ours-" in said("experiment", tmp_path / "night.jsonl", "--dataset", "theirs")
