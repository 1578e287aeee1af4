"""Whether the gate catches a planted regression and stays quiet between runs that are equal, by simulation.

    uv run python -m benchmarks.gate_power [--cases 300] [--loss 0.05] [--trials 200]

Each case is right or wrong at heart, and a try of it comes out otherwise now and then, as with an engine that is not
deterministic: `noise` is the chance that two tries of one case differ. A run tries each case once, or three times. For a
regression so many more cases turn wrong at heart that the expected share of right cases falls by `loss`. The rule is the gate's
`not_worse` on `end_to_end`; beside it stand the two-sided 95 % interval of `triage eval compare` and the naive rule that
fails on any lower figure.
"""

from __future__ import annotations

from math import sqrt
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from evals.figures import share
from evals.intervals import wilson
from evals.runs.gate import ALARMS
from evals.runs.paired import chance_of_loss, difference, exchanges
from evals.score import case_weights

Shares = NDArray[np.float64]
NOISE = (0.0, 0.02, 0.05, 0.1)
RULES = ("not_worse", "95 % interval", "any loss")


def drawn(
    cases: int, right: float, noise: float, loss: float, repeats: int, random: np.random.Generator
) -> tuple[Shares, Shares]:
    """The share of right tries of each case, before and after."""
    flips = (1 - sqrt(1 - 2 * noise)) / 2  # two tries differ with a chance of 2 · flips · (1 - flips)
    before = random.random(cases) < right
    after = before.copy()
    after[random.permutation(np.flatnonzero(before))[: round(loss / (1 - 2 * flips) * cases)]] = False

    def tried(at_heart: NDArray[np.bool_]) -> Shares:
        return np.asarray((at_heart ^ (random.random((repeats, cases)) < flips)).mean(axis=0))

    return tried(before), tried(after)


def alarms(trials: int, cases: int, right: float, noise: float, loss: float, repeats: int, seed: int) -> dict[str, int]:
    """How often each rule fails in so many trials."""
    random = np.random.default_rng(seed)
    weights, sides = case_weights(range(cases)), 1.0 - 2.0 * exchanges(cases)
    failed = dict.fromkeys(RULES, 0)
    for _ in range(trials):
        before, after = drawn(cases, right, noise, loss, repeats, random)
        chance = chance_of_loss(sides @ (after - before) / cases)
        old, new = (share(weights, np.stack([side, np.ones(cases)], axis=1)) for side in (before, after))
        found = difference("end_to_end", old, new)
        failed["not_worse"] += chance is not None and chance <= ALARMS
        failed["95 % interval"] += found is not None and found.verdict == "worse"
        failed["any loss"] += bool(new[0] < old[0] - 1e-9)
    return failed


def main(
    cases: Annotated[int, typer.Option(min=10)] = 300,
    loss: Annotated[float, typer.Option(min=0, max=0.4, help="The planted regression, as a share of cases.")] = 0.05,
    trials: Annotated[int, typer.Option(min=1)] = 200,
    right: Annotated[float, typer.Option(min=0, max=1, help="Share right in the first run.")] = 0.6,
    seed: Annotated[int, typer.Option()] = 8,
) -> None:
    """How often each rule alarms on equal runs and on a planted regression, at several levels of noise."""
    table = Table("noise", "tries", title=f"{cases} cases, {trials} trials each, {right:.0%} right, seed {seed}")
    for rule in RULES:
        table.add_column(f"{rule}: equal runs", justify="right")
        table.add_column(f"{100 * loss:g} points lost", justify="right")
    for noise in NOISE:
        for repeats in (1, 3) if noise else (1,):
            equal = alarms(trials, cases, right, noise, 0.0, repeats, seed)
            lost = alarms(trials, cases, right, noise, loss, repeats, seed + 1)
            told = [_told(found[rule], trials) for rule in RULES for found in (equal, lost)]
            table.add_row(f"{noise:.0%}", str(repeats), *told)
    Console(width=200).print(table)


def _told(count: int, trials: int) -> str:
    low, high = wilson(count, trials) or (0.0, 1.0)
    return f"{count / trials:.1%} ({low:.1%} to {high:.1%})"


if __name__ == "__main__":
    typer.run(main)
