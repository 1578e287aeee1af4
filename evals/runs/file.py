"""The run file: everything about a run in one file of JSON lines, which can be cut off anywhere and continued.

    {"kind": "run", …}        what was run, with what, on which suites
    {"kind": "versions", …}   everything that decided, named by a hash; once for each different set of versions
    {"kind": "case", …}       one try of one case: labels, prediction, spans, the baseline's prediction
    {"kind": "end", …}        the run is complete

Messages are named by their SHA-256 and not held; what is quoted as evidence is. A later line of the same try takes the
place of an earlier one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from evals.labelled import Case, LabelError
from evals.predictions import Prediction
from evals.runs.suite import SuiteInfo

FORMAT = 1
CaseKey = tuple[str, str]
TryKey = tuple[str, str, int]


class Failure(StrEnum):
    """Who is to blame that a try gave no outcome. infrastructure: a file, server, network or process that was away.
    product: the agent itself."""

    infrastructure = "infrastructure"
    product = "product"


class Header(BaseModel):
    """`code` is a hash of the product's own files, `packages` the versions of what it stands on. `price` is money for a
    million tokens, in whatever currency the person counts."""

    kind: Literal["run"] = "run"
    format: int = FORMAT
    created_at: AwareDatetime
    engine: str
    repeats: int
    price: float | None = None
    code: str
    commit: str
    python: str
    platform: str
    packages: dict[str, str]
    suites: list[SuiteInfo]

    def same_work(self, other: Header) -> bool:
        """Whether two headers ask for the same: then one run continues the other."""
        asked = {"format", "engine", "repeats", "price", "code", "suites"}
        where = {"suites": {"__all__": {"path"}}}
        return self.model_dump(include=asked, exclude=where) == other.model_dump(include=asked, exclude=where)


class Versions(BaseModel):
    kind: Literal["versions"] = "versions"
    id: str
    versions: dict[str, str]


class Try(BaseModel):
    """One try of one case. `input` is the SHA-256 of the raw bytes; `vendor` the sender's domain, or the provider of a
    carrier's event; `spans` seconds by step; `cost` what a model's tokens cost by the engine's own price settings; `products` the keys of the product names that labels and proposals use;
    `versions` names a `Versions` line."""

    kind: Literal["case"] = "case"
    suite: str
    repeat: int
    case: Case
    input: str | None
    vendor: str = ""
    prediction: Prediction
    baseline: Prediction | None = None
    failure: Failure | None = None
    spans: dict[str, float] = Field(default_factory=dict)
    cost: float = 0.0
    products: dict[str, str] = Field(default_factory=dict)
    versions: str | None = None

    @property
    def of(self) -> CaseKey:
        return self.suite, self.case.id

    @property
    def key(self) -> TryKey:
        return self.suite, self.case.id, self.repeat


class End(BaseModel):
    kind: Literal["end"] = "end"
    seconds: float


class Run(BaseModel):
    """A run as read back. `end` is None where it is not complete."""

    name: str
    header: Header
    versions: dict[str, dict[str, str]] = Field(default_factory=dict)
    tries: list[Try] = Field(default_factory=list)
    end: End | None = None

    @property
    def only_intents(self) -> set[str]:
        """The suites without records, which have intent labels only."""
        return {suite.name for suite in self.header.suites if suite.records_version is None}


_KINDS: dict[str, type[Header | Versions | Try | End]] = {"run": Header, "versions": Versions, "case": Try, "end": End}


def read_run(file: Path) -> Run:
    """Reads a run file, complete or not; a last line that was cut off is passed over.

    Raises LabelError where the file is no run file or of another format."""
    try:
        *lines, cut_off = file.read_bytes().split(b"\n")
    except OSError as error:
        raise LabelError(f"{file} cannot be read ({error}); make it with `triage eval run`.") from error
    parsed = [_parse(file, number, line) for number, line in enumerate(lines, start=1)]
    if not parsed or not isinstance(parsed[0], Header):
        what = "is empty" if not lines and not cut_off else "does not begin with a run's header"
        raise LabelError(f"{file} {what}; make it with `triage eval run`.")
    if parsed[0].format != FORMAT:
        raise LabelError(f"{file} has format {parsed[0].format}, this version reads {FORMAT}; run the suite again.")
    tries = {line.key: line for line in parsed if isinstance(line, Try)}
    return Run(
        name=file.name.removesuffix(".jsonl"),
        header=parsed[0],
        versions={line.id: line.versions for line in parsed if isinstance(line, Versions)},
        tries=list(tries.values()),
        end=next((line for line in reversed(parsed) if isinstance(line, End)), None),
    )


def read_header(file: Path) -> Header:
    """The header alone, however long the run is. Raises LabelError where the file is no run file."""
    with file.open("rb") as opened:
        header = _parse(file, 1, opened.readline())
    if not isinstance(header, Header):
        raise LabelError(f"{file} does not begin with a run's header; make it with `triage eval run`.")
    return header


def _parse(file: Path, number: int, line: bytes) -> Header | Versions | Try | End:
    try:
        row = json.loads(line)
        return _KINDS[row["kind"]].model_validate(row)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise LabelError(f"{file}:{number} is no line of a run: {error}") from error


class RunWriter:
    """Appends to a run file, each line written whole before the next; continues a file that was cut off."""

    def __init__(self, file: Path, header: Header) -> None:
        self.known_versions: set[str] = set()
        self.done: set[TryKey] = set()
        if file.exists() and file.stat().st_size:
            self._continue(file, header)
            self._file = file.open("a", encoding="utf-8")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._file = file.open("w", encoding="utf-8")
            self.write([header])

    def _continue(self, file: Path, header: Header) -> None:
        """Takes note of what the file holds, infrastructure failures apart, and drops a line that was cut off."""
        held = read_run(file)
        if not held.header.same_work(header):
            raise LabelError(
                f"{file} holds a run of something else (engine, code, suites, labels or repeats differ); "
                "choose another --out, or remove the file."
            )
        self.known_versions = set(held.versions)
        self.done = {line.key for line in held.tries if line.failure is not Failure.infrastructure}
        content = file.read_bytes()
        with file.open("r+b") as opened:
            opened.truncate(content.rfind(b"\n") + 1)

    def write(self, lines: Iterable[Header | Versions | Try | End]) -> None:
        for line in lines:
            self._file.write(line.model_dump_json(exclude_none=True) + "\n")
        self._file.flush()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
