"""The briefing as Markdown, for a terminal, a chat or the plain part of a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from api.briefing.page import FIRST, SERVICE, local, title
from api.wording import visible, words
from review.briefing.ageing import AGES
from review.briefing.content import Briefing, Sentence
from review.briefing.wording import written

ESCAPED = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>|#"})


def markdown(briefing: Briefing, base: str) -> str:
    """The whole briefing; links begin with `base`."""
    return "\n".join(_lines(briefing, base)).rstrip() + "\n"


def _lines(briefing: Briefing, base: str) -> Iterable[str]:
    yield from (f"# {title(briefing)}", "")
    if briefing.nothing_new:
        yield "Nothing new: nothing came in, nothing was decided, nothing is past its deadline."
        return
    zone = ZoneInfo(briefing.zone)
    facts = {fact.name: fact for fact in briefing.facts if not fact.key}
    yield from (f"**{_said(briefing.conclusion)}**", "", f"Since the day before: {_said(briefing.since_yesterday)}", "")
    if briefing.reasons[1:]:
        yield from (f"Why {briefing.status}: {_said(briefing.reasons[1:])}", "")
    for name in FIRST:
        fact = facts[name]
        was = f" (the day before {written(fact.previous, fact.unit)})" if fact.previous is not None else ""
        yield f"- [{fact.title}]({base}{fact.link}): {written(fact.value, fact.unit)}{was}"
    if briefing.at_risk:
        heads = ("Customer", "Order", "Value", "Promised", "Expected", "Because of", "Whose", "Decide by")
        yield from _table("Orders at risk", heads, [
            (r.customer, r.order, f"{r.value:,.0f}", r.promised or "–", r.expected or "not known", r.about,
             r.owner or "nobody yet", local(r.due_at, zone) + (" (over)" if r.overdue else ""))
            for r in briefing.at_risk
        ])  # fmt: skip
    if briefing.worsening:
        rows = [(r.record, r.supplier, str(r.days_before), str(r.days)) for r in briefing.worsening]
        yield from _table("Getting worse", ("Record", "Supplier", "Days late before", "Days late now"), rows)
    if briefing.ageing:
        yield from _table(
            "Age of what is open",
            ("Team", *(name for name, _ in AGES), "past the deadline"),
            [(r.team, *map(str, r.counts), str(r.overdue)) for r in briefing.ageing],
        )
    if briefing.drift:
        yield from _table(
            "Suppliers and carriers that drift",
            ("Name", "Figure", "Before", "Now"),
            [
                (d.fact.key, d.fact.title, written(d.fact.previous, d.fact.unit), written(d.fact.value, d.fact.unit))
                for d in briefing.drift
            ],
        )
    if briefing.anomalies:
        yield from ("", "## Unusual", "")
        for one in briefing.anomalies:
            mostly = f"; {one.mostly}" if one.mostly else ""
            yield f"- {_safe(one.fact.key)} ({one.kind}): {one.fact.value:,.0f} came, {one.usual:.0f} are usual{mostly}"
    if briefing.waiting:
        rows = [(w.record, words(w.what), f"{w.value:,.0f}", local(w.since, zone)) for w in briefing.waiting]
        yield from _table("Approvals waiting", ("Record", "What", "Value at risk", "Since"), rows)
    if briefing.handoffs:
        yield from _table(
            "Handoffs that failed or differ",
            ("Record", "What", "Since"),
            [(w.record, words(w.what), local(w.since, zone)) for w in briefing.handoffs],
        )
    told = [facts[name] for name in SERVICE if facts[name].value is not None or facts[name].previous is not None]
    yield from _table(
        "What the service did",
        ("Figure", "The day before", "Now"),
        [(f.title, written(f.previous, f.unit), written(f.value, f.unit)) for f in told],
    )


def _said(sentences: Sequence[Sentence]) -> str:
    return _safe(" ".join(sentence.text for sentence in sentences))


def _table(heading: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield from ("", f"## {heading}", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads))
    for row in rows:
        yield f"| {' | '.join(_safe(cell) for cell in row)} |"


def _safe(text: str) -> str:
    """Names from messages and records stand as what they are: no markup, one line."""
    return visible(" ".join(text.split())).translate(ESCAPED)
