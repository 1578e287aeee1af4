"""The list of keys says what the keys do: all of them, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from api import wording

API = Path(wording.__file__).parent
TEMPLATES = "".join(path.read_text(encoding="utf-8") for path in API.glob("templates/*.html"))
SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in API.glob("static/*.js"))
# What scripts read without a page's naming it: the next and the previous item, the beginning of g, numbers, leaving.
IN_SCRIPTS = {"j", "k", "g", "1", "7", "Esc"}


def listed(prefix: str = "") -> set[str]:
    """The keys that the list names: the first ones, or those after `prefix`."""
    found: set[str] = set()
    for _, keys in wording.KEYS:
        for pressed, _ in keys:
            first, then, second = pressed.partition(" then ")
            if not prefix:
                found |= set(first.split())
            elif then and first == prefix:
                found |= set(second.split())
    return found - {"–"}


def test_every_key_that_a_page_names_is_listed_and_no_other():
    named = set(re.findall(r'aria-keyshortcuts="(\S)"', TEMPLATES))
    named |= set(re.findall(r'mark\("\w+", "[^"]+", "(\S)"', TEMPLATES))
    named |= set(re.findall(r'setAttribute\("aria-keyshortcuts", "(\S)"\)', SCRIPTS))
    assert listed() == named | IN_SCRIPTS


def test_every_key_after_g_is_listed_and_no_other():
    """Numbers after g are kept views, which a person names."""
    assert listed("g") == set(wording.GO_KEYS.values()) | set(re.findall(r'data-go="(\w)"', TEMPLATES))
