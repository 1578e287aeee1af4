"""The OpenAPI document is kept: whatever it lets a caller send gets an answer that it declares, and never a 5xx."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from review.schema import ProposalRow
from tests.review.desk import date_change

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
STREAM = "/api/events"  # its answer ends after minutes; tests/api/test_feed.py reads it


def test_every_answer_is_declared(app, desk, robin):
    """As a signed-in person with the token of their pages; where an item is named, now and then one that is there."""
    desk.propose(date_change())
    document = app.openapi()
    token = robin.csrf
    schema = schemathesis.openapi.from_dict(document).exclude(path=STREAM)
    asked = 0

    def check(case: schemathesis.Case) -> None:
        nonlocal asked
        asked += 1
        if "proposal_id" in case.path_parameters and asked % 3:
            with desk.database.read() as session:
                case.path_parameters["proposal_id"] = session.scalars(select(ProposalRow.id).limit(1)).one()
        sent = case.as_transport_kwargs(base_url="http://desk.test", headers={"X-CSRF-Token": token})
        sent.pop("cookies", None)  # the browser's own are sent
        response = robin.client.request(**sent)
        case.validate_response(response, checks=CHECKS)

    for operation in schema.get_all_operations():
        FEW(given(case=operation.ok().as_strategy())(check))()
    assert asked > 3 * len(document["paths"])
