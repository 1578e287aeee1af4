"""Every metric by its name: the one list that the briefing, the oversight page, its CSV and `/metrics` read."""

from __future__ import annotations

from review.briefing.decided import DECIDED
from review.briefing.items import ITEMS
from review.briefing.metric import Metric
from review.briefing.service import SERVICE

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*ITEMS, *DECIDED, *SERVICE)}
