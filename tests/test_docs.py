"""What the documentation tells a reader to type exists, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
INLINE = re.compile(r"`(triage [^`]+)`")


def commands(page: Path) -> list[str]:
    """The `triage …` commands of a page, from its shell blocks and its running text."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line for kind, block in BLOCK.findall(text) if kind in ("sh", "bash", "console") for line in block.splitlines()
    ]
    found = [m.group() for line in lines for m in re.finditer(r"\btriage [^#&|;>]*", line.removeprefix("$ "))]
    return found + INLINE.findall(BLOCK.sub("", text))


ALL_COMMANDS = sorted({(page.name, command.strip()) for page in PAGES for command in commands(page)})


@pytest.fixture(scope="module")
def cli() -> Any:
    from api.commands import app

    return typer.main.get_command(app)


@pytest.mark.parametrize(("page", "command"), ALL_COMMANDS)
def test_a_command_in_the_docs_exists_with_its_options(cli, page, command):
    current, options = cli, set()
    for word in shlex.split(command.replace("…", ""))[1:]:
        name = word.split("=")[0]
        if name.startswith("-"):
            known = {option for p in current.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
            assert name in known, f"{page}: {command!r}: no option {name}"
            options.add(name)
        elif hasattr(current, "commands"):
            assert name in current.commands, f"{page}: {command!r}: no command {name}"
            current = current.commands[name]
        elif not any(p.param_type_name == "argument" for p in current.params):
            assert options, f"{page}: {command!r}: {current.name} takes no argument"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    targets = [
        t for t in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in t and not t.startswith("mailto:")
    ]
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_named_in_the_docs_are_there(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    named = re.findall(r"`((?:agent|api|evals|prompts|review|tools|tests|benchmarks)/[\w/.]+\.\w+)`", text)
    assert [n for n in named if not (ROOT / n).exists()] == []


def test_every_page_of_the_docs_is_reached_from_its_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = [str(p.relative_to(ROOT / "docs")) for p in PAGES if (ROOT / "docs") in p.parents and p.name != "index.md"]
    assert [page for page in pages if f"({page})" not in index] == []


def test_the_readme_says_how_to_try_and_how_to_test():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "uv run triage demo" in text
    assert "uv run pytest" in text
