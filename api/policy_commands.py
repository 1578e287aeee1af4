"""`triage policy …`: whether a policy can be used, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.options import configured

if TYPE_CHECKING:
    from agent.propose import Policy

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Who has to approve what.")

PolicyPath = Annotated[Path | None, typer.Option("--policy", help="The policy file (TRIAGE_POLICY).")]


@app.command("test")
def run_cases(
    cases: Annotated[Path | None, typer.Argument(help="File of cases; those that ship if none is given.")] = None,
    policy: PolicyPath = None,
) -> None:
    """Run cases through a policy and say what comes out differently. Exit code 1 when something does."""
    from agent.policy_cases import SHIPPED_CASES, differences, load_cases

    checked, path = _policy(policy), cases or SHIPPED_CASES
    given = load_cases(path)
    found = differences(checked, given)
    for one in found:
        said = f"{one.case}: {one.field} is {one.found!r}, expected {one.expected!r}"
        typer.secho(said, fg=typer.colors.RED, err=True)
    typer.echo(f"{len(given)} cases, {len({d.case for d in found})} differ; policy {checked.digest}.")
    if found:
        raise typer.Exit(1)


@app.command()
def check(policy: PolicyPath = None) -> None:
    """Say whether a policy file can be used, and its hash."""
    checked = _policy(policy)
    typer.echo(f"{len(checked.rules)} rules, {len(checked.limits)} limits; SHA-256 {checked.sha256}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the policy file, for an editor."""
    import json

    from agent.propose import Policy

    described = Policy.model_json_schema()
    del described["properties"]["sha256"]  # reckoned, never written
    typer.echo(json.dumps(described, indent=2))


def _policy(given: Path | None) -> Policy:
    from agent.propose import POLICY_PATH, load_policy

    return load_policy(configured(policy=given).policy or POLICY_PATH)
