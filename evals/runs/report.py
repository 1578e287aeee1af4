"""Prints a run, a comparison and what a run took, for a person."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.report import NAMES, intent_table, interval, number, slice_table
from evals.runs.compare import Comparison
from evals.runs.file import Failure, Run
from evals.runs.grade import RunScore
from evals.score import Figure, Group, Score

MOST_NAMED = 20


def summary(run: Run, out: Path) -> str:
    """One sentence: how many tries stand in the file, and which of them failed."""
    failures = [t.failure for t in run.tries if t.failure]
    away = failures.count(Failure.infrastructure)
    again = "; the same command tries these again" if away else ""
    return (
        f"{len(run.tries)} tries of {len({t.of for t in run.tries})} cases in {out}: "
        f"{failures.count(Failure.product)} failed in the product, {away} for want of a file or server{again}."
    )


def print_run(score: RunScore, console: Console, *, slices: bool = True) -> None:
    """The figures beside the baseline's, pass^k, what the run took, and failures; with `slices` the slices too."""
    console.print(beside_baseline(score.overall, score.baseline))
    if len(score.pass_k) > 1:
        console.print(pass_table(score.pass_k))
    spend = score.spend
    money = "" if spend.money is None else f", {spend.money:.4f} of money"
    console.print(
        f"{spend.seconds:.1f} s of work, {spend.model_calls} model calls, {spend.tokens} tokens{money}; area under the "
        f"risk-coverage curve {number(score.area_under_risk)}.",
        highlight=False,
    )
    if slices:
        console.print(intent_table(Score(overall=score.overall, intents=score.intents)))
        for dimension, groups in ({"suite": score.suites} | score.slices).items():
            console.print(slice_table(dimension, groups))
    for kind, failed in (("product", score.product), ("infrastructure", score.infrastructure)):
        for said in failed:
            console.print(f"{kind} failure: {said}", markup=False, style="red")


def beside_baseline(group: Group, baseline: Group) -> Table:
    table = Table("figure", title=f"{group.cases} cases, {group.exceptions} exceptions, {group.proposals} proposals")
    for column in ("value", "95 % interval", "cheap baseline"):
        table.add_column(column, justify="right")
    for name, figure in group.figures.items():
        cheap = baseline.figures.get(name, Figure())
        table.add_row(NAMES[name], number(figure.value), interval(figure), number(cheap.value))
    return table


def pass_table(pass_k: dict[int, Figure]) -> Table:
    table = Table("k", title="pass^k: right in all of k tries")
    for column in ("value", "95 % interval"):
        table.add_column(column, justify="right")
    for k, figure in pass_k.items():
        table.add_row(str(k), number(figure.value), interval(figure))
    return table


def print_comparison(found: Comparison, console: Console) -> None:
    """Each figure's sentence, the paired test, the slices that differ, and the cases that changed sides."""
    console.print(f"{found.cases} cases; {found.after} held against {found.before}.", highlight=False)
    if found.relabelled:
        said = f"{len(found.relabelled)} cases carry other labels by now; both runs are graded by those of {found.labels_of}."
        console.print(said, highlight=False)
    if found.left_out:
        console.print(f"{len(found.left_out)} cases cannot be compared:", highlight=False)
        for name, reason in list(found.left_out.items())[:MOST_NAMED]:
            console.print(f"  {name}: {reason}", highlight=False)
    for difference in found.differences:
        console.print(difference.sentence, highlight=False)
    if found.mcnemar:
        console.print(found.mcnemar.sentence + ".", highlight=False)
    for dimension, values in found.slices.items():
        for value, differences in values.items():
            for difference in differences:
                if difference.verdict != "none shown":
                    console.print(f"{dimension} {value}: {difference.sentence}", highlight=False)
    for title, names in (("right now", found.fixed), ("wrong now", found.broken)):
        if names:
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            console.print(f"{title}: {', '.join(names[:MOST_NAMED])}{more}", highlight=False)
