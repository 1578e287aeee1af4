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
_UMLAUTS = {"ae": "ä", "oe": "ö", "ue": "ü"}
_UMLAUT = re.compile("|".join(_UMLAUTS))  # "RUECKLIEFERUNG": what machines make of ü


class ProviderCodes(BaseModel):
    delivered: set[str] = set()
    decides: dict[str, str]
    leans: dict[str, str | None]


class _Words(BaseModel):
    intent: str
    patterns: list[str]


class CodeTable(BaseModel):
    providers: dict[str, ProviderCodes]
    delivered_words: list[str]
    words: list[_Words]


@cache
def code_table() -> CodeTable:
    return CodeTable.model_validate(yaml.safe_load(_PATH.read_text(encoding="utf-8")))


@cache
def _rules() -> list[tuple[str, re.Pattern[str]]]:
    return [(rule.intent, re.compile("|".join(f"(?:{p})" for p in rule.patterns))) for rule in code_table().words]


def intent_of_words(text: str) -> str | None:
    """The intent of the first sentence that any rule knows; what stands behind it is not looked at.

    Later sentences are advice, remarks, or instructions that somebody slipped into the text. Of a hold alone ("shipment
    on hold - awaiting invoice for customs") the next one gives the reason."""
    sentences = _SENTENCE.split(text.lower()[:2_000])
    for sentence, following in zip(sentences, [*sentences[1:], ""], strict=True):
        intent = _intent_of_sentence(sentence)
        if intent == "transit_delay" and _intent_of_sentence(following) == "customs_hold":
            return "customs_hold"
        if intent:
            return intent
    return None


def _intent_of_sentence(sentence: str) -> str | None:
    spellings = {sentence, _UMLAUT.sub(lambda m: _UMLAUTS[m.group()], sentence)}
    return next((intent for intent, pattern in _rules() if any(pattern.search(s) for s in spellings)), None)


def decide(provider: str, codes: Sequence[str], wording: Sequence[str], texts: Sequence[str]) -> str | None:
    """The intent of an event, or None.

    `codes`, most specific first; `wording`: the provider's own words for those codes, which outrank their numbers
    (numbers change between versions of an interface); `texts`: the carrier's words, newest first.
    """
    table = _table(provider)
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


def is_delivered(provider: str, codes: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether an event says that the goods arrived at the consignee: by its code, else by its newest words.

    It is asked of normal events alone; what a damaged or short delivery is called is `decide`'s."""
    if not _table(provider).delivered.isdisjoint(codes):
        return True
    words = [*texts[:1], *(code.replace("_", " ") for code in codes)] if provider == "generic" else texts[:1]
    return any(_delivered_words().search(text.lower()[:2_000]) for text in words)


@cache
def _delivered_words() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in code_table().delivered_words))


def _table(provider: str) -> ProviderCodes:
    return code_table().providers.get(provider) or code_table().providers["generic"]
