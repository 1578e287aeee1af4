"""Prompts: files with front matter (purpose, inputs, notes on versions) and a strict Jinja template below it.

A prompt is known by the hash of its whole file, so that a log line names exactly what a model was told. A value that is
missing, or that the front matter does not list, is an error: nothing is rendered in part.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

FOLDER = Path(__file__).parent
CHARACTERS_A_TOKEN = 3.5
"""A low estimate over seven European languages and record data; exact counts come back from the endpoint."""


class PromptError(Exception):
    """A prompt file cannot be used. The message names the file and what is wrong with it."""


class Prompt(BaseModel):
    """`inputs` maps each value that the template takes to what it is; `versions` says what changed, newest first."""

    name: str
    purpose: str
    inputs: dict[str, str]
    versions: list[str]
    template: str
    digest: str

    def render(self, **values: Any) -> str:
        """The text with its values. Raises PromptError unless exactly the listed inputs are given."""
        if set(values) != set(self.inputs):
            wrong = ", ".join(sorted(set(values) ^ set(self.inputs)))
            raise PromptError(f"prompt {self.name!r} takes {', '.join(self.inputs)}: these do not fit: {wrong}")
        return str(_environment().from_string(self.template).render(values)).strip()


@cache
def load_prompt(name: str, candidates: Path | None = None) -> Prompt:
    """The prompt of `prompts/<name>.md`, or the one that stands under that name in `candidates`. Raises PromptError."""
    tried = candidates / f"{name}.md" if candidates else None
    return read_prompt(tried if tried and tried.exists() else FOLDER / f"{name}.md")


def all_prompts() -> list[Prompt]:
    return [load_prompt(path.stem) for path in sorted(FOLDER.glob("*.md"))]


def read_prompt(path: Path) -> Prompt:
    """A prompt file, checked: what the template asks for is what the front matter lists. Raises PromptError."""
    from jinja2 import TemplateSyntaxError, meta

    try:
        raw = path.read_text(encoding="utf-8")
        opening, head, template = raw.split("---\n", 2)
        told = yaml.safe_load(head)
        prompt = Prompt(name=path.stem, template=template, digest=hashlib.sha256(raw.encode()).hexdigest()[:12], **told)
        asked = meta.find_undeclared_variables(_environment().parse(template))
    except OSError as error:
        raise PromptError(f"there is no prompt {path.stem!r} ({path.name})") from error
    except (ValueError, TypeError, yaml.YAMLError, TemplateSyntaxError) as error:
        raise PromptError(f"{path.name}: {error}") from error
    if opening or asked != set(prompt.inputs):
        wrong = ", ".join(sorted(asked ^ set(prompt.inputs))) or "text before the front matter"
        raise PromptError(f"{path.name}: template and listed inputs differ: {wrong}")
    return prompt


def tokens_in(text: str) -> int:
    """About how many tokens a text costs."""
    return int(len(text) / CHARACTERS_A_TOKEN) + 1


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
