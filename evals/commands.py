"""`triage eval …`: predict, score and explain a run over a labelled set."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from evals.langsmith.commands import app as langsmith_app
from evals.options import (
    CacheOption,
    EngineOption,
    IndexOption,
    JsonOption,
    PredictionsArgument,
    SetArgument,
    refusals,
)
from evals.runs.commands import app as run_app

app = typer.Typer(
    no_args_is_help=True, help="Measure the agent over a labelled set, with nobody's data leaving the machine."
)

app.add_typer(run_app)
app.add_typer(langsmith_app, name="langsmith")


def vectors_in(index: Path | None) -> Path | None:
    """The file of embeddings in an index folder: the one that the engine keeps there too."""
    return index / "embeddings.sqlite" if index else None


@app.command()
def predict(
    set_dir: SetArgument,
    out: Annotated[Path, typer.Option(help="Where to write the predictions, one JSON object a line.")],
    engine: EngineOption = "local",
    index: IndexOption = None,
) -> None:
    """Run the agent over a set. What the set expects is never looked at."""
    from rich.console import Console
    from rich.progress import Progress

    from evals import predict as predicting

    with refusals(), Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("cases")
        written = predicting.predict(
            set_dir,
            out,
            engine=engine,
            index_dir=index,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    failed = sum(p.error is not None for p in written)
    typer.echo(f"{len(written)} cases written to {out}, {failed} of them with an error.", err=True)


@app.command()
def score(
    set_dir: SetArgument,
    predictions: PredictionsArgument,
    json: JsonOption = False,
    slices: Annotated[bool, typer.Option(help="Also print the figures by intent, language, channel and tag.")] = False,
) -> None:
    """Score predictions: every figure with its 95 % interval."""
    from evals import score as scoring
    from evals.labelled import load_labelled
    from evals.predictions import load_predictions

    with refusals():
        scored = scoring.score(load_labelled(set_dir), load_predictions(predictions))
    if json:
        typer.echo(scored.model_dump_json(indent=1))
        return
    from rich.console import Console

    from evals.report import print_score

    print_score(scored, Console(), slices=slices)


@app.command()
def errors(
    set_dir: SetArgument,
    predictions: PredictionsArgument,
    texts: Annotated[bool, typer.Option(help="Print each case's text, what was expected and what was found.")] = True,
) -> None:
    """Say where a run went wrong, by step, tag and language."""
    from rich.console import Console

    from evals import errors as explaining
    from evals.labelled import load_labelled
    from evals.predictions import load_predictions

    with refusals():
        labelled = load_labelled(set_dir)
        mistakes = explaining.errors(labelled, load_predictions(predictions))
    explaining.print_errors(labelled, mistakes, Console(), texts=texts)


@app.command()
def baselines(set_dir: SetArgument, index: IndexOption = None, json: JsonOption = False) -> None:
    """Score three simple readers on the same set, as a yardstick."""
    from evals import baselines as simple
    from evals.labelled import load_labelled

    with refusals():
        scores = simple.score_all(load_labelled(set_dir), vectors=vectors_in(index))
    if json:
        import json as encoder

        typer.echo(encoder.dumps({name: s.model_dump() for name, s in scores.items()}, indent=1))
        return
    from rich.console import Console

    from evals.report import comparison_table

    Console().print(comparison_table(scores))


@app.command()
def quality(
    set_dir: SetArgument,
    predictions: PredictionsArgument,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/quality.md"),
    index: IndexOption = None,
) -> None:
    """Write the page of measured quality from a run, beside the baselines."""
    from evals import quality as page

    with refusals():
        page.write(set_dir, predictions, out, vectors=vectors_in(index))
    typer.echo(f"{out} written.", err=True)


@app.command()
def intents(
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/quality-intents.md"),
    cache: CacheOption = None,
) -> None:
    """Cross-validate the reading of intent over the training texts, none of an idea on both sides."""
    from rich.console import Console

    from evals import intent_quality
    from evals.report import interval, number
    from tools.embedding import Embedder

    with Console(stderr=True).status("Loading …") as status:
        found = intent_quality.write(out, Embedder(cache), status.update)
    for name, figure in found.items():
        typer.echo(f"{name}  {number(figure.value)}  {interval(figure)}")
    typer.echo(f"{out} written.", err=True)


@app.command()
def bitext(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Public customer messages, one JSON object a line.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/quality-public-messages.md"),
    cache: CacheOption = None,
) -> None:
    """Measure the reading of intent on public messages, trained without and with them."""
    from rich.console import Console

    from evals import bitext as public
    from tools.embedding import Embedder

    with refusals(), Console(stderr=True).status("Loading …") as status:
        public.write(file, out, Embedder(cache), status.update)
    typer.echo(f"{out} written.", err=True)


@app.command()
def replies(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Samples of replies, one JSON object a line.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("docs/quality-replies.md"),
) -> None:
    """Measure how replies are told from what they quote, beside two libraries."""
    from evals import replies as stripping

    with refusals():
        stripping.write(file, out)
    typer.echo(f"{out} written.", err=True)


@app.command()
def injection(
    set_dir: SetArgument,
    attacks: Annotated[Path, typer.Argument(metavar="ATTACKS", help="Payloads, one JSON object a line.")],
    log: Annotated[Path, typer.Option(help="File that keeps each attempt, so that a stopped run goes on.")],
    engine: EngineOption = "local",
    most: Annotated[int, typer.Option(help="How many payloads, drawn evenly from their families.")] = 120,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 1,
    out: Annotated[Path | None, typer.Option(help="The page to write from the log.")] = None,
) -> None:
    """Place published prompt injections in ordinary mails and count how often the proposal differs."""
    from rich.console import Console
    from rich.progress import Progress

    from evals import injection as attacking

    with refusals(), Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("attempts")
        attacking.run(
            set_dir,
            attacks,
            log,
            engine=engine,
            attacks=most,
            seed=seed,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        if out is not None:
            attacking.write(log, out, set_dir=set_dir, seed=seed)
    typer.echo(f"{log} written.", err=True)


@app.command()
def engines(
    set_dir: SetArgument,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Keeps the predictions, so that a run goes on.")],
    only: Annotated[list[str] | None, typer.Option(help="Engine to run; all of them without it.")] = None,
    cases: Annotated[int | None, typer.Option(help="How many cases, drawn with the seed; all without it.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 1,
    index: IndexOption = None,
    out: Annotated[Path | None, typer.Option(help="The page to write.")] = None,
    worth: Annotated[
        Path | None, typer.Option(help="Write what the model's word is worth beside `local` here.")
    ] = None,
) -> None:
    """Run the engines side by side with the model of the settings; a stopped run goes on where it stopped."""
    from agent.llm.doubt import Reliability
    from evals import engine_quality
    from evals.labelled import load_labelled
    from review.model_settings import ModelSettings

    with refusals():
        labelled = engine_quality.drawn(load_labelled(set_dir), cases, seed)
        engine_quality.run(
            labelled,
            folder,
            only or engine_quality.ENGINES,
            index_dir=index,
            progress=lambda name, done, total: typer.echo(f"{name} {done}/{total}", err=True),
        )
        settings = ModelSettings.load()
        model = settings.model or "none"
        if worth is not None:
            found: Reliability = engine_quality.reliability(labelled, folder, model=model)
            worth.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
            typer.echo(engine_quality.said_of(found), err=True)
        if out is not None:
            engine_quality.write(labelled, folder, out, model=model, worth=settings.worth(), seed=seed)
