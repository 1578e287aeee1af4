"""The desk in a real browser: keys, the live hint, hostile text, and no script or style that the policy forbids."""

from __future__ import annotations

import pytest

from agent.proposal import Lane, RecordRef
from review import log
from tests.api.chromium import GLANCE_MS, NEEDED
from tests.review.desk import OTHER, Desk, date_change

ATTACK = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">'

pytestmark = NEEDED


def items(page) -> list[str]:
    return page.eval_on_selector_all(".item", "all => all.map(item => item.dataset.id)")


def fill(desk: Desk, count: int = 4) -> list[str]:
    records = [RecordRef(model="purchase.order", id=50 + n, name=f"P0005{n}") for n in range(count)]
    return [
        desk.propose(date_change(record=record), sender=f"p{n}@x.example", subject=f"Mail {n} {ATTACK}", text=ATTACK)
        for n, record in enumerate(records)
    ]


def kinds(desk: Desk) -> list[str]:
    with desk.database.read() as session:
        return [entry.kind for entry in log.latest(session) if entry.kind.startswith("proposal.")]


def test_a_queue_is_cleared_with_the_keyboard(desk, page):
    """Approve one, edit one, reject one: the next is in front each time, the log grows, and its chain is whole."""
    first, second, third, fourth = fill(desk)
    page.goto(page.url)
    assert items(page) == [first, second, third, fourth]

    page.keyboard.press("j")
    page.wait_for_selector(f'.item[aria-current][data-id="{second}"]')
    page.keyboard.press("k")
    page.wait_for_selector(f'.item[aria-current][data-id="{first}"]')

    page.keyboard.press("a")
    page.wait_for_selector(".said-approved")
    assert items(page) == [second, third, fourth]
    assert page.get_attribute(".item[aria-current]", "data-id") == second

    page.keyboard.press("e")
    page.fill("#edit [name='line-0-date']", "2026-12-18")
    page.wait_for_timeout(GLANCE_MS)
    page.click("#edit .primary")
    page.wait_for_selector(".said-open")
    assert page.get_attribute(".item[aria-current]", "data-id") == third

    page.keyboard.press("r")
    page.wait_for_selector("#reject[open]")
    page.wait_for_timeout(GLANCE_MS)
    page.keyboard.press("6")
    page.wait_for_selector(".said-rejected")
    assert items(page) == [fourth]

    assert kinds(desk) == ["proposal.reject", "proposal.edit", "proposal.approve"]
    page.goto(page.url.split("/desk")[0] + "/log")
    assert "The chain is whole." in page.inner_text("main")
    with desk.database.read() as session:
        assert log.verify(session, desk.database.head).ok


def test_keys_are_off_while_typing(desk, page):
    """Searching for "area" approves, edits and rejects nothing."""
    fill(desk, 2)
    page.goto(page.url)
    page.keyboard.press("/")
    page.keyboard.type("area j")
    assert page.input_value("#q") == "area j"
    assert kinds(desk) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("a")
    assert kinds(desk) == []


def test_new_items_are_announced_and_the_place_is_kept(desk, page):
    """The list does not move under the hand: a hint offers what is new, and nothing else changes."""
    fill(desk, 30)
    page.goto(page.url)
    for _ in range(20):
        before = page.get_attribute(".item[aria-current]", "data-id")
        page.keyboard.press("j")
        page.wait_for_function("id => document.querySelector('.item[aria-current]').dataset.id !== id", arg=before)
    selected = page.get_attribute(".item[aria-current]", "data-id")
    page.eval_on_selector("#queue", "queue => { queue.scrollTop = 700; }")
    newer = desk.propose(date_change(record=OTHER), sender="new@x.example")
    page.wait_for_selector("#newer:not([hidden])", timeout=20_000)
    assert page.inner_text("#newer") == "1 new — show"
    assert page.inner_text('[data-count="ready"]') == "31"
    assert newer not in items(page)
    page.click("#newer")
    page.wait_for_selector(f'.item[data-id="{newer}"]')
    assert page.get_attribute(".item[aria-current]", "data-id") == selected
    assert page.eval_on_selector("#queue", "queue => queue.scrollTop") > 300


def test_a_decision_on_what_changed_meanwhile_is_refused_and_shown_afresh(desk, page):
    """The key sends the version that was seen; a newer message has replaced it."""
    desk.propose()
    page.goto(page.url)
    desk.propose()
    page.keyboard.press("a")
    page.wait_for_selector(".alert[role=alert]")
    assert "newer message" in page.inner_text(".alert[role=alert]")
    assert kinds(desk) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_light_and_dark(desk, page, scheme):
    """WCAG 2.2 AA: 4.5 to 1 for every text on the desk against what is behind it."""
    desk.propose(text="New date: 14 December.\n\n> quoted before")
    desk.propose(date_change(lane=Lane.check, confidence=0.4, record=OTHER), sender="b@x.example")
    page.emulate_media(color_scheme=scheme)
    for view in ("ready", "check"):
        page.goto(page.url.split("/desk")[0] + f"/desk/{view}")
        poor = page.evaluate(CONTRAST)
        assert poor == []


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const c = rgba(getComputedStyle(node).backgroundColor); if (c[3] > 250) return c;
    }
    return rgba('Canvas');
  };
  const faded = (node) => { let o = 1; for (; node; node = node.parentElement) o *= getComputedStyle(node).opacity;
    return o; };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || node.closest('kbd, :disabled, option')) continue;
    const back = behind(node), ink = rgba(getComputedStyle(node).color), o = faded(node);
    const seen = ink.slice(0, 3).map((v, i) => v * o + back[i] * (1 - o));
    const [a, b] = [light(seen), light(back)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) poor.push(`${node.className || node.tagName}: ${ratio.toFixed(2)} ${walker.currentNode.data.trim()}`);
  }
  return poor;
}"""
