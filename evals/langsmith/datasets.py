"""Suites as LangSmith datasets and back: an example a case, with the message byte for byte, so that nothing is lost on the way.

Records stay at home: a dataset names the version of those that its labels were made by, and `pull` takes them from a file.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import yaml
from pydantic import BaseModel

from evals.labelled import Case, Expected, LabelError, named_products
from evals.runs.suite import Suite
from tools.message import Channel

if TYPE_CHECKING:
    from langsmith import Client
    from langsmith.schemas import Dataset, Example

Json = dict[str, Any]
SAFE_ID = re.compile(r"[\w-][\w.-]{0,120}")
"""Ids that may become the name of a file; those of a dataset were written by whoever can write to it."""


class Pushed(BaseModel):
    """What a push did, in cases. `others` are examples of the dataset that are no case of the suite; they are left alone."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    others: int = 0


def push(client: Client, suite: Suite, name: str | None = None) -> Pushed:
    """Brings a dataset up to the suite: what is new is added, what changed is changed. Without a `name` it has the suite's.

    Raises LabelError where a message cannot be read."""
    name = name or suite.name
    products = suite.labelled.product_keys()
    wanted = {case.id: _example(suite, case, products) for case in suite.labelled.cases}
    about = suite.info.model_dump(exclude={"path", "cases", "name"})
    if client.has_dataset(dataset_name=name):
        dataset = client.read_dataset(dataset_name=name)
    else:
        dataset = client.create_dataset(name, description=suite.info.title or None, metadata=about)
    held = by_case(client, dataset)
    new = [
        {
            "id": id_of(dataset.id, case),
            "inputs": made["inputs"],
            "reference_outputs": made["outputs"],
            "metadata": made["metadata"],
        }
        for case, made in wanted.items()
        if case not in held
    ]
    changed = [
        {**made, "id": held[case].id} for case, made in wanted.items() if case in held and _differs(held[case], made)
    ]
    if new:
        client.create_examples(dataset_id=dataset.id, examples=new)
    if changed:
        client.update_examples(dataset_id=dataset.id, updates=changed)
    return Pushed(
        added=len(new),
        changed=len(changed),
        unchanged=len(wanted) - len(new) - len(changed),
        others=len(held.keys() - wanted.keys()),
    )


def by_case(client: Client, dataset: Dataset) -> dict[str, Example]:
    """The examples of a dataset by the id of their case; examples that name none are passed over."""
    found = client.list_examples(dataset_id=dataset.id)
    return {str(inputs["id"]): example for example in found if (inputs := example.inputs or {}).get("id")}


def id_of(dataset: UUID, case: str) -> UUID:
    """The id of a case's example: the same each time, so that a push that was cut off is completed by another."""
    return uuid5(dataset, case)


def _example(suite: Suite, case: Case, products: Mapping[str, str]) -> Json:
    try:
        raw = suite.labelled.raw(case)
    except OSError as error:
        raise LabelError(f"{case.id}: its message cannot be read ({error.strerror}); mend the suite.") from error
    message, expected = suite.labelled.message(case), case.expected
    return {
        "inputs": {
            "id": case.id,
            "channel": case.channel.value,
            "received_at": case.received_at.isoformat(),
            "subject": message.subject,
            "text": message.body,
            "raw": base64.b64encode(raw).decode(),
        },
        "outputs": {
            **expected.model_dump(mode="json"),
            "products": named_products(products, expected.exceptions),
        }
        if expected
        else None,
        "metadata": {"tags": case.tags, "sha256": suite.inputs[case.id]},
    }


def _differs(example: Example, made: Json) -> bool:
    """Whether an example is not as it should be. LangSmith adds keys of its own to the metadata."""
    metadata = example.metadata or {}
    return (
        example.inputs != made["inputs"]
        or (example.outputs or None) != made["outputs"]
        or any(metadata.get(key) != value for key, value in made["metadata"].items())
    )


def pull(client: Client, name: str, out: Path, records: Path | None = None) -> int:
    """Writes a dataset as a suite, with its labels as they are there by now, and gives the number of cases.

    Raises LabelError where `out` holds something already, an example is no case, or `records` are not those that the
    dataset's labels were made by."""
    if out.exists() and any(out.iterdir()):
        raise LabelError(f"{out} is not empty; choose another folder, or remove it.")
    dataset = client.read_dataset(dataset_name=name)
    about = dataset.metadata or {}
    held = about.get("records_version")
    given = hashlib.sha256(records.read_bytes()).hexdigest()[:16] if records else None
    if given and held and given != held:
        raise LabelError(
            f"{records} has version {given}, the labels of {name!r} were made by {held}; give those records."
        )
    cases = [_case(example) for _, example in sorted(by_case(client, dataset).items())]
    if not cases:
        raise LabelError(f"The dataset {name!r} holds no case; fill it with `triage eval langsmith push`.")
    (out / "raw").mkdir(parents=True, exist_ok=True)
    for case, raw in cases:
        (out / case.raw).write_bytes(raw)
    (out / "cases.jsonl").write_text("".join(f"{case.model_dump_json()}\n" for case, _ in cases), "utf-8")
    if records:
        (out / "records.json").write_bytes(records.read_bytes())
    manifest = {
        "name": name,
        "title": dataset.description or name,
        "kind": about.get("kind", "end-to-end"),
        "license": about.get("license", "not stated"),
        "provenance": f"Pulled from the LangSmith dataset {name!r}. {about.get('provenance') or ''}".strip(),
    }
    (out / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True), "utf-8")
    return len(cases)


def _case(example: Example) -> tuple[Case, bytes]:
    """The case of an example, and its message."""
    inputs, metadata = example.inputs or {}, example.metadata or {}
    case_id = str(inputs["id"])
    if not SAFE_ID.fullmatch(case_id):
        raise LabelError(f"Example {example.id}: {case_id!r} cannot name a file; use letters, digits, dots and dashes.")
    try:
        channel = Channel(inputs["channel"])
        raw = base64.b64decode(inputs["raw"], validate=True)
        case = Case(
            id=case_id,
            channel=channel,
            received_at=inputs["received_at"],
            raw=f"raw/{case_id}.{'eml' if channel is Channel.email else 'json'}",
            expected=Expected.model_validate(example.outputs) if example.outputs else None,
            tags=metadata.get("tags") or {},
        )
    except KeyError as error:
        raise LabelError(
            f"Example {example.id} ({case_id}) has no {error} among its inputs; push it from a suite."
        ) from error
    except ValueError as error:
        raise LabelError(f"Example {example.id} ({case_id}): {error}") from error
    return case, raw
