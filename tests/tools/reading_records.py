"""What every reader over rows of our own has to do, for the test classes of each of them to inherit."""

from __future__ import annotations

import pytest

from tools.records import RecordsError

DATA = {
    "_meta": {"odoo": "18.0", "exported_at": "2026-05-11T09:00:00Z"},
    "res.partner": [
        {"id": 1, "name": "Nordlys AS", "parent_id": False, "email": "post@nordlys.example"},
        {"id": 2, "name": "Ida Berg", "parent_id": [1, "Nordlys AS"], "email": "ida@nordlys.example"},
        {"id": 3, "name": "Ida's assistant", "parent_id": [2, "Ida Berg"], "email": False},
        {"id": 4, "name": "Sol_Vind", "parent_id": False, "email": "hei@solvind.example"},
    ],
    "purchase.order": [
        {"id": 7, "name": "P7", "partner_id": [1, "Nordlys AS"], "amount_total": 90.0, "order_line": [70, 71],
         "partner_ref": False, "date_order": "2026-05-01 08:00:00"},
        {"id": 8, "name": "P8", "partner_id": [4, "Sol_Vind"], "amount_total": 10.0, "order_line": [80],
         "partner_ref": "X-8", "date_order": "2026-05-03 08:00:00"},
        {"id": 9, "name": "P9", "partner_id": [2, "Ida Berg"], "amount_total": 50.0, "order_line": [],
         "partner_ref": "X-9", "date_order": False},
    ],
    "purchase.order.line": [
        {"id": 70, "order_id": [7, "P7"], "product_qty": 2.0},
        {"id": 71, "order_id": [7, "P7"], "product_qty": 0.0},
        {"id": 80, "order_id": [8, "P8"], "product_qty": 5.0},
    ],
}  # fmt: skip


class ReadsLikeOdoo:
    """Expects a fixture `reader` over DATA."""

    @pytest.mark.parametrize(
        ("model", "domain", "ids"),
        [
            ("purchase.order", [], [7, 8, 9]),
            ("purchase.order", [("partner_id", "=", 1)], [7]),
            ("purchase.order", [("partner_id", "=", "Nordlys AS")], [7]),
            ("purchase.order", [("partner_ref", "=", False)], [7]),
            ("purchase.order", [("partner_ref", "!=", False)], [8, 9]),
            ("purchase.order", [("partner_ref", "!=", "X-8")], [7, 9]),
            ("purchase.order", [("id", "in", [9, 7])], [7, 9]),
            ("purchase.order", [("partner_ref", "not in", ["X-8"])], [7, 9]),
            ("purchase.order", [("partner_ref", "in", [False, "X-8"])], [7, 8]),
            ("purchase.order", [("order_line", "in", [80])], [8]),
            ("purchase.order", [("amount_total", ">", 10)], [7, 9]),
            ("purchase.order", [("amount_total", "<=", 50)], [8, 9]),
            ("purchase.order", [("date_order", ">=", "2026-05-02")], [8]),
            ("purchase.order", [("date_order", "<", "2027-01-01")], [7, 8]),
            ("purchase.order.line", [("product_qty", "=", 0)], [71]),
            ("purchase.order.line", [("order_id.partner_id", "=", 4)], [80]),
            ("purchase.order.line", [("order_id.partner_id.name", "ilike", "nord")], [70, 71]),
            ("purchase.order", [("order_line.product_qty", ">", 1)], [7, 8]),
            ("res.partner", [("name", "like", "ida")], []),
            ("res.partner", [("name", "ilike", "ida")], [2, 3]),
            ("res.partner", [("name", "not ilike", "ida")], [1, 4]),
            ("res.partner", [("email", "not ilike", "nordlys")], [3, 4]),
            ("res.partner", [("name", "=like", "Ida%")], [2, 3]),
            ("res.partner", [("name", "=ilike", "IDA BER_")], [2]),
            ("res.partner", [("id", "child_of", 1)], [1, 2, 3]),
            ("res.partner", [("id", "child_of", [4])], [4]),
            ("purchase.order", [("partner_id", "child_of", 1)], [7, 9]),
            ("res.partner", [("id", "parent_of", 3)], [1, 2, 3]),
            ("purchase.order", ["|", ("id", "=", 7), ("id", "=", 9)], [7, 9]),
            ("purchase.order", ["!", ("id", "=", 7)], [8, 9]),
            ("purchase.order", ["&", "|", ("id", "=", 7), ("id", "=", 8), ("amount_total", ">", 20)], [7]),
            ("purchase.order", ["|", ("id", "=", 8), "!", ("partner_ref", "=", False), ("amount_total", ">", 20)], [9]),
            ("purchase.order", [("no_such_field", "=", False)], [7, 8, 9]),
            ("purchase.order", [("no_such_field", "=", 1)], []),
            ("stock.lot", [("id", "=", 1)], []),
        ],
    )
    def test_domains_select_what_odoo_would(self, reader, model, domain, ids):
        assert [row["id"] for row in reader.search_read(model, domain)] == ids
        assert reader.search_count(model, domain) == len(ids)

    def test_order_limit_and_fields(self, reader):
        rows = reader.search_read(
            "purchase.order", fields=["name", "no_such_field"], order="amount_total desc", limit=2
        )
        assert rows == [{"id": 7, "name": "P7"}, {"id": 9, "name": "P9"}]

    def test_empty_values_sort_last_up_and_first_down(self, reader):
        up = [r["id"] for r in reader.search_read("purchase.order", order="date_order, id desc")]
        down = [r["id"] for r in reader.search_read("purchase.order", order="date_order desc")]
        assert (up, down) == ([7, 8, 9], [9, 8, 7])

    def test_read_keeps_the_order_asked_and_skips_missing_ids(self, reader):
        assert [row["id"] for row in reader.read("purchase.order", [9, 1000, 7])] == [9, 7]

    def test_rows_given_out_do_not_change_the_snapshot(self, reader):
        reader.read("purchase.order", [7])[0]["name"] = "changed"
        assert reader.read("purchase.order", [7], ["name"]) == [{"id": 7, "name": "P7"}]

    @pytest.mark.parametrize("domain", [[("id", "near", 1)], ["&", ("id", "=", 1)], ["|"], [("id", "=")], ["id"]])
    def test_an_unreadable_domain_is_refused_with_a_reason(self, reader, domain):
        with pytest.raises(RecordsError, match=r"\w"):
            reader.search_read("purchase.order", domain)
