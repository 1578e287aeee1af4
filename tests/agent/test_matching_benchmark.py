"""What matching costs is measured over an invented company, in short; the page that holds the figures keeps its bounds."""

from __future__ import annotations

import re
from pathlib import Path

from agent.order_store import OrderStore
from benchmarks.contenders import CONTENDERS
from benchmarks.large_company import LargeCompany
from benchmarks.matching import BEGIN, END, KINDS, measure, report, write_section
from tests.agent.test_order_store import contents

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
LOOK_UP = re.compile(r"[\d,.]+ / ([\d,.]+) ms \([\d,]+\); (\d+)% / (\d+)% of \d+")


def test_a_thousand_lines_are_measured_and_found(tmp_path):
    outcomes = {}
    for name in CONTENDERS:
        folder = tmp_path / name
        folder.mkdir()
        outcomes[name] = measure(name, 1000, "hashed", folder, count=40, seconds=600)
    for outcome in outcomes.values():
        assert outcome.built == 1000
        assert outcome.build > 0
        assert outcome.peak >= outcome.before > 0
        assert outcome.disk > 0
        assert {kind: timing.asked for kind, timing in outcome.timings.items()} == dict.fromkeys(KINDS, 40)
    ours = outcomes["this product"].timings
    for kind, least in (("references", 0.9), ("descriptions", 0.9), ("messages", 0.9)):
        assert ours[kind].found >= least
        assert ours[kind].found >= max(o.timings[kind].found for o in outcomes.values()) - 0.05
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_section(page, report(list(outcomes.values()), rate=10.0, question_ms=20.0))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert len(LOOK_UP.findall(text)) == len(CONTENDERS) * len(KINDS)


def test_building_that_has_no_more_time_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.contenders.BATCH", 200)
    stopped = measure("Chroma alone", 1000, "hashed", tmp_path, count=20, seconds=0)
    assert stopped.built < 1000
    assert "then stopped" in report([stopped], rate=10.0, question_ms=20.0)
    whole = measure("Chroma alone", 1000, "hashed", tmp_path, count=20, seconds=600)
    assert whole.built == 1000
    assert whole.build > stopped.build


def test_the_invented_company_tells_what_changed():
    company = LargeCompany(1000)
    followed, anew = OrderStore(), OrderStore()
    followed.follow(company)
    company.receive(30)
    assert followed.follow(company) == ["purchase.order.line"]
    anew.follow(company)
    assert contents(followed) == contents(anew)


def test_the_page_holds_look_ups_of_four_sizes_within_its_bounds():
    section = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [line.split(" | ") for line in section.splitlines() if "this product" in line and LOOK_UP.search(line)]
    ours = {row[0].strip("| ").replace(",", ""): LOOK_UP.findall(" | ".join(row)) for row in rows}
    assert list(ours) == ["1000", "10000", "100000", "1000000"]
    for timings in ours.values():
        references, descriptions = (float(p95.replace(",", "")) for p95, _, _ in timings[:2])
        assert references <= 50
        assert descriptions <= 150
