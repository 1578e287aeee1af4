"""`GET /metrics`: the catalogue's figures of the last 24 hours, as Prometheus reads them. For keys with the scope `metrics`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from api.intake import Key, key_holder, refusals
from review.api_keys import Scope
from review.briefing.catalogue import METRICS
from review.briefing.metric import Unit, figure
from review.briefing.window import DAY, Window
from review.database import Database
from review.mirror import synced_at

router = APIRouter(tags=["monitoring"], responses=refusals(401, 403))
KEPT_SECONDS = 15.0
UNITS = {Unit.share: "_ratio", Unit.hours: "_hours", Unit.minutes: "_minutes", Unit.seconds: "_seconds"}


class Exposition:
    """The text of the figures. It is made anew no more often than every `KEPT_SECONDS`, however many ask."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Figures(database))
        self._turn = threading.Lock()
        self._made_at, self._text = -KEPT_SECONDS, b""

    def families(self) -> list[Metric]:
        """The figures as they are now."""
        return list(self._registry.collect())

    def text(self) -> bytes:
        with self._turn:
            if time.monotonic() - self._made_at >= KEPT_SECONDS:
                self._text, self._made_at = generate_latest(self._registry), time.monotonic()
            return self._text


class _Figures(Collector):
    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[Metric]:
        """A gauge a metric; one that has no figure now has none here."""
        now = datetime.now(UTC)
        window = Window(now - DAY, now)
        with self._database.read() as session:
            taken = {name: figure(session, metric, window).value for name, metric in METRICS.items()}
        for name, value in taken.items():
            metric = METRICS[name]
            when = "now" if metric.state else "in the last 24 hours"
            gauge = GaugeMetricFamily(
                f"triage_{name}{UNITS.get(metric.unit, '')}", f"{metric.title}, {when}: {metric.formula}."
            )
            if value is not None:
                gauge.add_metric([], value)
            yield gauge
        if (as_of := synced_at(self._database)) is not None:
            said = "How long ago Odoo was last followed to its end."
            yield GaugeMetricFamily("triage_odoo_age_seconds", said, value=(now - as_of).total_seconds())


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request, key: Key) -> Response:
    """The figures of the last 24 hours."""
    await key_holder(request, Scope.metrics, key)
    text = await run_in_threadpool(request.app.state.exposition.text)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
