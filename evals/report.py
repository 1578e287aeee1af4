"""Prints a scored run for a person, in the words of the contract."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from evals.score import Figure, Group, Score

NAMES = {
    "intent_micro_f1": "intent F1, micro",
    "intent_macro_f1": "intent F1, macro",
    "record_accuracy_at_1": "record accuracy@1",
    "record_recall_at_5": "record recall@5",
    "exception_precision": "exception precision",
    "exception_recall": "exception recall",
    "exception_f1": "exception F1 (headline)",
    "fields_f1": "fields F1",
    "actions_exact": "actions exact",
    "end_to_end": "end to end",
    "manual_share": "sent to manual",
    "selective_risk": "selective risk",
    "coverage_at_95": "coverage at 95 % precision",
    "coverage_at_98": "coverage at 98 % precision",
    "coverage_at_99": "coverage at 99 % precision",
    "brier": "Brier score",
    "calibration_error": "calibration error (ECE)",
    "calibration_error_by_chance": "… 95 % value by chance",
    "seconds_median": "seconds a message, median",
    "seconds_p95": "seconds a message, p95",
}
SLICE_COLUMNS = ("intent_micro_f1", "record_accuracy_at_1", "exception_f1", "fields_f1", "actions_exact", "end_to_end")


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def interval(figure: Figure) -> str:
    return "" if figure.low is None else f"{number(figure.low)} to {number(figure.high)}"


def with_interval(figure: Figure) -> str:
    return f"{number(figure.value)} ({interval(figure)})"


def print_score(score: Score, console: Console, *, slices: bool = True) -> None:
    """The overall figures, each intent's F1 and, with `slices`, the slices, as tables."""
    console.print(overall_table(score.overall))
    console.print(intent_table(score))
    if slices:
        for dimension, groups in score.slices.items():
            console.print(slice_table(dimension, groups))
    for error in score.errors:
        console.print(f"error in {error}", markup=False, style="red")


def overall_table(group: Group) -> Table:
    table = Table("figure", title=f"{group.cases} cases, {group.exceptions} exceptions, {group.proposals} proposals")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, figure in group.figures.items():
        table.add_row(NAMES[name], number(figure.value), interval(figure))
    return table


def intent_table(score: Score) -> Table:
    table = Table("intent", title="Intents over the whole set")
    for column in ("cases", "precision", "recall", "F1"):
        table.add_column(column, justify="right")
    for name, f in sorted(score.intents.items(), key=lambda item: -item[1].support):
        table.add_row(name, str(f.support), number(f.precision), number(f.recall), number(f.f1))
    return table


def slice_table(dimension: str, groups: dict[str, Group]) -> Table:
    table = Table(dimension, title=f"By {dimension}")
    for column in ("cases", *(NAMES[name].removesuffix(" (headline)") for name in SLICE_COLUMNS)):
        table.add_column(column, justify="right")
    for value, group in groups.items():
        table.add_row(value, str(group.cases), *(number(group.figures[name].value) for name in SLICE_COLUMNS))
    return table


def comparison_table(scores: dict[str, Score]) -> Table:
    """The overall figures of several runs side by side."""
    table = Table("figure")
    for name in scores:
        table.add_column(name, justify="right")
    for figure in NAMES:
        table.add_row(NAMES[figure], *(number(s.overall.figures[figure].value) for s in scores.values()))
    return table
