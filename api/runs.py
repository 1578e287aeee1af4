"""Measured runs at the desk, for engineers and supervisors: the list of them, and each in the viewer."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from api import templating
from api.security import Visitor, require
from evals.decided.shadow import load, reader_of
from evals.labelled import LabelError
from evals.runs.file import read_header, read_run
from evals.viewer.content import content
from evals.viewer.page import page, policy
from evals.viewer.shadowed import shadow_content
from review.raw_store import RawStore
from review.roles import Scope

SHADOW = ".shadow.json"
router = APIRouter(include_in_schema=False)
Engineer = Annotated[Visitor, Depends(require(Scope.engineer))]


class ListedRun(BaseModel):
    name: str
    made: datetime
    engine: str
    suites: str
    commit: str


@router.get("/runs")
def runs(request: Request, me: Engineer) -> Response:
    """The run files in the data directory, newest first; files that are none are passed over."""
    found = []
    for file in _runs(request).glob("*.jsonl"):
        try:
            head = read_header(file)
        except LabelError:
            continue
        suites = ", ".join(f"{suite.name} ({suite.cases})" for suite in head.suites)
        found.append(
            ListedRun(name=file.stem, made=head.created_at, engine=head.engine, suites=suites, commit=head.commit)
        )
    newest_first = sorted(found, key=lambda run: run.made, reverse=True)
    shadows = sorted(shadow.name.removesuffix(SHADOW) for shadow in _runs(request).glob(f"*{SHADOW}"))
    return templating.page(request, "runs.html", me=me, runs=newest_first, shadows=shadows, at_runs=True)


@router.get("/runs/{name}")
def run(request: Request, me: Engineer, name: str, against: str | None = None) -> Response:
    """A run in the viewer, or held against an earlier one."""
    files = [_file(_runs(request), wanted, ".jsonl") for wanted in (name, against) if wanted]
    try:
        shown = _page(*((file, file.stat().st_mtime_ns) for file in files))
    except LabelError as error:
        raise HTTPException(422, str(error)) from error
    return _viewer(shown)


@router.get("/runs/shadow/{name}")
def shadow(request: Request, me: Engineer, name: str) -> Response:
    """A shadow run in the viewer: what a candidate says of live mail, beside what was proposed."""
    try:
        run = load(_file(_runs(request), name, SHADOW))
    except LabelError as error:
        raise HTTPException(422, str(error)) from error
    store = RawStore(request.app.state.settings.raw_dir)
    return _viewer(page(shadow_content(run, reader_of(store)), name))


def _viewer(shown: str) -> Response:
    return HTMLResponse(shown, headers={"Content-Security-Policy": f"{policy()}; frame-ancestors 'none'"})


def _runs(request: Request) -> Path:
    folder: Path = request.app.state.settings.runs_dir
    return folder


@lru_cache(maxsize=4)
def _page(*files: tuple[Path, int]) -> str:
    """The viewer's page of one file or two; grading takes seconds, so pages are kept until a file changes."""
    loaded = [read_run(file) for file, _ in files]
    return page(content(*loaded), loaded[0].name)


def _file(folder: Path, name: str, suffix: str) -> Path:
    """The file of that name. A name is compared with those that are there, so that no path can be named."""
    for file in folder.glob(f"*{suffix}"):
        if file.name.removesuffix(suffix) == name:
            return file
    raise HTTPException(404)
