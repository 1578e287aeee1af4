"""The mirror holds what Odoo holds, whatever the moment at which rows were written, and goes on where it was stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review import sync as syncing
from review.mirror import MirrorReader, synced_at
from review.mirrored import MIRRORED
from review.sync import OVERLAP, Synced, sync
from tests.review.desk import Desk
from tests.review.odoo import START, FakeOdoo
from tools.records import RecordsError

ORDER, LINE, PARTNER = "purchase.order", "purchase.order.line", "res.partner"


@pytest.fixture(params=[18, 19])
def odoo(request: pytest.FixtureRequest) -> FakeOdoo:
    """A company with two suppliers, three orders and their lines."""
    made = FakeOdoo(request.param)
    made.write(PARTNER, 1, name="Trosse GmbH", parent_id=False)
    made.write(PARTNER, 2, name="Wiebke", parent_id=1)
    for order in (1, 2, 3):
        made.write(ORDER, order, name=f"P{order}", partner_id=2, state="purchase")
        made.write(LINE, order * 10, order_id=order, product_qty=5.0)
    made.later(hours=1)
    return made


def follow(desk: Desk, odoo: FakeOdoo, **options: object) -> Synced:
    """A sync at the server's present moment, without reconciling unless asked."""
    given = {"reconcile_every": timedelta(days=9), **options}
    return sync(desk.database, odoo, now=lambda: odoo.now, **given)  # type: ignore[arg-type]


def mirrored(desk: Desk, model: str) -> dict[int, dict[str, object]]:
    return {row["id"]: row for row in MirrorReader(desk.database).search_read(model)}


def same(desk: Desk, odoo: FakeOdoo) -> None:
    for model in (PARTNER, ORDER, LINE):
        assert mirrored(desk, model) == {row["id"]: row for row in odoo.search_read(model, fields=MIRRORED[model])}


def test_the_first_load_takes_over_every_row(desk, odoo):
    done = follow(desk, odoo)
    same(desk, odoo)
    assert (done.changed, done.removed) == (8, 0)


def test_nothing_new_costs_one_call_a_model_and_changes_nothing(desk, odoo):
    follow(desk, odoo)
    version = MirrorReader(desk.database).version()
    for _ in range(3):
        odoo.later(minutes=4)
        odoo.calls.clear()
        assert follow(desk, odoo).changed == 0
        assert set(odoo.calls.values()) == {1}
        assert len(odoo.calls) == len(MIRRORED)
    assert MirrorReader(desk.database).version() == version


def test_a_quiet_model_is_not_read_again(desk, odoo):
    """Once the overlap has passed, not even the rows of the newest date are asked for."""
    follow(desk, odoo)
    odoo.later(minutes=6)
    follow(desk, odoo)
    odoo.later(minutes=1)
    assert follow(desk, odoo).read == 0


def test_an_import_of_long_ago_is_read_once(desk, odoo):
    """Thousands of rows of one date are not read again to be sure of it."""
    odoo.later(hours=2)
    assert follow(desk, odoo).read == 8
    assert follow(desk, odoo).read == 0


def test_changes_and_additions_are_found_by_each_models_own_dates(desk, odoo):
    follow(desk, odoo)
    odoo.later(minutes=30)
    odoo.write(LINE, 10, product_qty=4.0)  # does not move the order's own write date
    odoo.write(ORDER, 4, name="P4", partner_id=1)
    assert follow(desk, odoo).changed == 2
    same(desk, odoo)


def test_a_second_write_of_the_same_second_is_found(desk, odoo):
    follow(desk, odoo)
    odoo.write(ORDER, 1, name="P1", state="draft")
    follow(desk, odoo)
    odoo.later(milliseconds=300)
    odoo.write(ORDER, 1, state="cancel")
    odoo.write(ORDER, 2, state="cancel")
    follow(desk, odoo)
    same(desk, odoo)


def test_a_transaction_that_is_committed_after_a_later_one_is_found(desk, odoo):
    """Also when polls without news lie in between."""
    follow(desk, odoo)
    began = odoo.later(minutes=10)
    odoo.later(minutes=2)
    odoo.write(ORDER, 1, state="done")
    for _ in range(3):
        follow(desk, odoo)
        odoo.later(seconds=50)
    odoo.write(ORDER, 2, at=began, state="done")
    follow(desk, odoo)
    same(desk, odoo)


def test_a_transaction_longer_than_the_overlap_is_found_by_reconciling(desk, odoo):
    follow(desk, odoo)
    began = odoo.now
    odoo.later(minutes=1)
    odoo.write(ORDER, 1, state="done")
    for _ in range(3):
        odoo.later(seconds=OVERLAP.total_seconds())
        follow(desk, odoo)
    odoo.write(ORDER, 2, at=began, state="done")
    follow(desk, odoo)
    assert mirrored(desk, ORDER)[2]["state"] == "purchase"
    follow(desk, odoo, reconcile_every=timedelta(0))
    same(desk, odoo)


def test_a_change_while_the_first_load_runs_is_found(desk, odoo, monkeypatch):
    """Also where the load takes longer than the overlap."""
    monkeypatch.setattr(syncing, "PAGE", 2)

    def change(model: str, read: int, total: int) -> None:
        if model == ORDER and read == 2:
            odoo.later(minutes=9)
            odoo.write(ORDER, 1, state="done")
            odoo.later(minutes=9)

    follow(desk, odoo, progress=change)
    same(desk, odoo)


def test_a_date_that_is_computed_anew_is_no_change(desk, odoo):
    odoo.write("sale.order", 1, name="S1", expected_date="2026-03-02 09:00:00")
    follow(desk, odoo)
    odoo.later(minutes=1)
    odoo.write("sale.order", 1, expected_date="2026-03-02 09:01:00")
    assert follow(desk, odoo).changed == 1  # for its write date, which real quotations do not get
    odoo.write("sale.order", 1, expected_date="2026-03-02 09:02:00")
    assert follow(desk, odoo).changed == 0


def test_what_was_deleted_goes_when_ids_are_compared(desk, odoo):
    follow(desk, odoo)
    odoo.delete(LINE, 20)
    odoo.delete(ORDER, 2)
    follow(desk, odoo)
    assert 2 in mirrored(desk, ORDER)
    odoo.later(minutes=61)
    assert follow(desk, odoo, reconcile_every=timedelta(hours=1)).removed == 2
    same(desk, odoo)


def test_a_full_reading_removes_what_is_gone(desk, odoo, monkeypatch):
    """Also at the end, and where the rows fill their pages exactly."""
    monkeypatch.setattr(syncing, "PAGE", 2)
    odoo.write(LINE, 40, order_id=3)
    follow(desk, odoo)
    odoo.delete(LINE, 10, 40)
    follow(desk, odoo, full=True)
    same(desk, odoo)
    odoo.delete(LINE, 20, 30)
    follow(desk, odoo, full=True)
    assert mirrored(desk, LINE) == {}


def test_a_new_name_is_followed_through_contacts_into_orders(desk, odoo):
    """Neither the contact nor the order has a new write date."""
    follow(desk, odoo)
    odoo.later(hours=1)
    odoo.write(PARTNER, 1, name="Tau AG")
    follow(desk, odoo)
    assert mirrored(desk, ORDER)[1]["partner_id"] == [2, "Tau AG, Wiebke"]
    same(desk, odoo)


def test_a_templates_name_is_followed_to_its_variants_and_their_lines(desk, odoo):
    odoo.write("product.template", 5, name="Rope")
    odoo.write("product.product", 6, product_tmpl_id=5)
    odoo.write(LINE, 10, product_id=6)
    follow(desk, odoo)
    odoo.later(hours=1)
    odoo.write("product.template", 5, name="Line")
    follow(desk, odoo)
    assert mirrored(desk, "product.product")[6]["display_name"] == "Line"
    assert mirrored(desk, LINE)[10]["product_id"] == [6, "Line"]


def test_a_rename_survives_being_stopped_half_way(desk, odoo):
    follow(desk, odoo)
    odoo.later(hours=1)
    odoo.write(PARTNER, 1, name="Tau AG")
    follow_calls = list(MIRRORED).index(PARTNER) + 3
    odoo.calls_left = follow_calls
    with pytest.raises(RecordsError):
        follow(desk, odoo)
    odoo.calls_left = None
    follow(desk, odoo)
    same(desk, odoo)


def test_a_stopped_load_goes_on_where_it_was(desk, odoo, monkeypatch, tmp_path):
    monkeypatch.setattr(syncing, "PAGE", 1)
    at_once = follow(Desk(tmp_path / "other"), odoo)
    for calls in range(30, 120, 4):
        odoo.calls_left = calls
        try:
            last = follow(desk, odoo)
            break
        except RecordsError:
            continue
    odoo.calls_left = None
    same(desk, odoo)
    assert last.read < at_once.read


def test_a_full_reading_that_was_stopped_goes_on(desk, odoo):
    follow(desk, odoo)
    odoo.calls_left = 2 * len(MIRRORED)
    with pytest.raises(RecordsError):
        follow(desk, odoo, full=True)
    odoo.calls_left = None
    odoo.calls.clear()
    follow(desk, odoo, full=True)
    assert odoo.calls["res.company"] == 1
    assert odoo.calls["stock.quant"] == 2


def test_another_set_of_fields_is_read_for_every_row(desk, odoo, monkeypatch):
    follow(desk, odoo)
    odoo.write(ORDER, 1, at=START, note="urgent")
    monkeypatch.setitem(MIRRORED, ORDER, (*MIRRORED[ORDER], "note"))
    follow(desk, odoo)
    assert mirrored(desk, ORDER)[1]["note"] == "urgent"


def test_the_age_counts_from_the_start_of_the_last_complete_run(desk, odoo):
    """A run that was stopped changes nothing about it."""
    assert synced_at(desk.database) is None
    odoo.calls_left = 30
    with pytest.raises(RecordsError):
        follow(desk, odoo)
    assert synced_at(desk.database) is None
    odoo.calls_left = None
    follow(desk, odoo)
    complete = odoo.now
    odoo.later(minutes=3)
    odoo.calls_left = 5
    with pytest.raises(RecordsError):
        follow(desk, odoo)
    assert synced_at(desk.database) == complete


def test_progress_tells_how_much_there_is(desk, odoo, monkeypatch):
    monkeypatch.setattr(syncing, "PAGE", 2)
    told: list[tuple[str, int, int]] = []
    follow(desk, odoo, progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == ORDER] == [(ORDER, 2, 3), (ORDER, 3, 3)]


@settings(max_examples=20, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([ORDER, LINE, PARTNER]), st.integers(1, 3), st.integers(0, 280), st.integers(0, 400)),
        max_size=25,
    ),
    series=st.sampled_from([18, 19]),
)
def test_no_change_is_missed_whatever_the_timing(tmp_path_factory, steps, series):
    """Transactions of up to `OVERLAP` that began in any order, with polls in between at any moment."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    odoo = FakeOdoo(series)
    for i in (1, 2, 3):
        odoo.write(PARTNER, i, name="Trosse", parent_id=False)
        odoo.write(ORDER, i, name=f"P{i}", partner_id=i)
        odoo.write(LINE, i, order_id=i)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(syncing, "MIRRORED", {model: MIRRORED[model] for model in (PARTNER, ORDER, LINE)})
        follow(desk, odoo)
        for number, (model, record_id, began_before, wait) in enumerate(steps):
            odoo.later(seconds=wait)
            odoo.write(model, record_id, at=odoo.now - timedelta(seconds=began_before), name=f"n{number}")
            if wait % 3 == 0:
                follow(desk, odoo)
        follow(desk, odoo)
        same(desk, odoo)
    desk.database.close()
