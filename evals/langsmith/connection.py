"""The one way to LangSmith: an account of the operator's own, named by LangSmith's variables. Without a key nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evals.labelled import LabelError

if TYPE_CHECKING:
    from langsmith import Client

SECONDS = 20
"""How long one request may take."""
FLUSH_SECONDS = 300
"""How long what is on its way when all was handed over may take."""


@contextmanager
def langsmith() -> Iterator[Client]:
    """A client of the account that `LANGSMITH_API_KEY` and `LANGSMITH_ENDPOINT` name. At the end all has been sent.

    Raises LabelError at once where no key is set, and where the service refuses something or cannot be reached."""
    key = os.environ.get("LANGSMITH_API_KEY") or os.environ.get("LANGCHAIN_API_KEY")
    if not key:
        raise LabelError("Nothing was sent: LangSmith is not set up. Set LANGSMITH_API_KEY, or keep to the files.")
    from langsmith import Client
    from langsmith.utils import LangSmithError
    from requests import RequestException

    lost: list[Exception] = []
    client = Client(
        api_url=os.environ.get("LANGSMITH_ENDPOINT") or os.environ.get("LANGCHAIN_ENDPOINT"),
        api_key=key,
        timeout_ms=1000 * SECONDS,
        tracing_sampling_rate=1.0,  # an experiment is whole, whatever share of traces the operator samples
        tracing_error_callback=lost.append,
    )
    try:
        yield client
        client.flush(timeout=FLUSH_SECONDS)
    except (LangSmithError, RequestException) as error:
        raise LabelError(
            f"LangSmith ({client.api_url}): {_said(error)} Check LANGSMITH_ENDPOINT and the key."
        ) from error
    finally:
        client.cleanup()
    if lost or (client.tracing_queue is not None and client.tracing_queue.unfinished_tasks):
        why = _said(lost[0]) if lost else f"not within {FLUSH_SECONDS} s."
        raise LabelError(f"LangSmith ({client.api_url}) did not take everything: {why} Send it again.")


def _said(error: Exception) -> str:
    """The first line of an error: below it the SDK prints a part of the key."""
    return str(error).partition("\n")[0][:400].rstrip(".") + "."
