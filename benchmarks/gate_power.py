"""Whether the gate catches a planted regression and stays quiet between runs that are equal, by simulation.

    uv run python -m benchmarks.gate_power [--cases 300] [--loss 0.05] [--trials 200]

Two runs over the same cases are drawn: each case is right or wrong in the first; in the second a share of the cases (`noise`)
flips either way by chance alone, as an engine that is not deterministic does, and for a regression so many more right cases
turn wrong that the share of right cases falls by `loss`. The rule is the gate's `not_worse` on `end_to_end`; beside it
stands the naive rule that fails on any lower figure.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from evals.figures import share
from evals.runs.paired import difference
from evals.score import case_weights

Flags = NDArray[np.bool_]


def drawn(cases: int, right: float, noise: float, loss: float, random: np.random.Generator) -> tuple[Flags, Flags]:
    """Which cases are right before and after. Noise flips as many cases either way; the loss comes on top."""
    before = random.random(cases) < right
    after = before.copy()
    flips = random.binomial(cases, noise / 2, size=2)
    for value, count in ((True, flips[0] + round(loss * cases)), (False, flips[1])):
        chosen = random.permutation(np.flatnonzero(before == value))[:count]
        after[chosen] = not value
    return before, after


def alarms(trials: int, cases: int, right: float, noise: float, loss: float, seed: int) -> tuple[int, int]:
    """How often the gate's rule fails, and the naive rule, in so many trials. The rule fails where `difference` says worse."""
    random = np.random.default_rng(seed)
    weights = case_weights(range(cases))
    caught = naive = 0
    for _ in range(trials):
        sides = drawn(cases, right, noise, loss, random)
        before, after = (share(weights, np.stack([side, np.ones(cases)], axis=1)) for side in sides)
        found = difference("end_to_end", before, after)
        caught += found is not None and found.verdict == "worse"
        naive += bool(after[0] < before[0])
    return caught, naive


def main(
    cases: Annotated[int, typer.Option(min=10)] = 300,
    loss: Annotated[float, typer.Option(min=0, max=1, help="The planted regression, as a share of cases.")] = 0.05,
    trials: Annotated[int, typer.Option(min=1)] = 200,
    right: Annotated[float, typer.Option(min=0, max=1, help="Share right in the first run.")] = 0.6,
    seed: Annotated[int, typer.Option()] = 8,
) -> None:
    """How often the gate alarms on equal runs and on a planted regression, at several levels of noise."""
    table = Table("noise between runs", title=f"{cases} cases, {trials} trials each, {right:.0%} right, seed {seed}")
    for column in (
        "alarms, equal runs",
        f"caught, {100 * loss:g} points lost",
        "naive rule, equal",
        "naive rule, lost",
    ):
        table.add_column(column, justify="right")
    for noise in (0.0, 0.02, 0.05, 0.1):
        equal = alarms(trials, cases, right, noise, 0.0, seed)
        lost = alarms(trials, cases, right, noise, loss, seed + 1)
        table.add_row(
            f"{noise:.0%} of cases flip", *(f"{n / trials:.1%}" for n in (equal[0], lost[0], equal[1], lost[1]))
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
