"""What a carrier's codes and words mean: an intent of the taxonomy, decided by the table in carrier_codes.yaml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel

_PATH = Path(__file__).with_name("carrier_codes.yaml")
_NORMAL = "delivery_update"
# What words may say against a code that calls the event normal.
_OVERRULES = frozenset({"goods_damaged", "goods_lost", "delivery_discrepancy", "returned_to_sender"})
_SENTENCE = re.compile(r"[.!?;]\s+|\n+|\s/\s|\s-\s(?=[a-z])")


class ProviderCodes(BaseModel):
    decides: dict[str, str]
    leans: dict[str, str | None]


class _Words(BaseModel):
    intent: str
    patterns: list[str]


class CodeTable(BaseModel):
    providers: dict[str, ProviderCodes]
    words: list[_Words]


@cache
def code_table() -> CodeTable:
    return CodeTable.model_validate(yaml.safe_load(_PATH.read_text(encoding="utf-8")))


@cache
def _rules() -> list[tuple[str, re.Pattern[str]]]:
    return [(rule.intent, re.compile("|".join(f"(?:{p})" for p in rule.patterns))) for rule in code_table().words]


def intent_of_words(text: str) -> str | None:
    """The intent of the first sentence that any rule knows; what stands behind it is not looked at.

    Later sentences are advice, remarks, or instructions that somebody slipped into the text."""
    for sentence in _SENTENCE.split(text.lower()[:2_000]):
        for intent, pattern in _rules():
            if pattern.search(sentence):
                return intent
    return None


def decide(provider: str, codes: Sequence[str], wording: Sequence[str], texts: Sequence[str]) -> str | None:
    """The intent of an event, or None.

    `codes`, most specific first; `wording`: the provider's own words for those codes, which outrank their numbers
    (numbers change between versions of an interface); `texts`: the carrier's words, newest first.
    """
    table = code_table().providers.get(provider) or code_table().providers["generic"]
    said = [intent for text in texts if (intent := intent_of_words(text))]
    named = [intent for text in wording if (intent := intent_of_words(text)) not in {None, _NORMAL}]
    decided = [intent for code in codes if (intent := table.decides.get(code))]
    troubles = [intent for intent in (*named, *decided) if intent != _NORMAL]
    if troubles:
        return troubles[0]
    if decided:
        return said[0] if said and said[0] in _OVERRULES else _NORMAL
    trouble_said = [intent for intent in said if intent != _NORMAL]
    if trouble_said:
        return trouble_said[0]
    leaning = [intent for code in codes if (intent := table.leans.get(code))]
    if leaning:
        return leaning[0]
    spelled = [intent for code in codes if (intent := intent_of_words(code.replace("_", " ")))]
    return next(iter([*spelled, *said]), None)
