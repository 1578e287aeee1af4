// What happens elsewhere while the page is open. The server says that something happened, the list is asked for again,
// and nothing moves under the hand: known rows change where they are, new ones wait for a key.
import { $, $$, SignedOut, beside, desk, part } from "./page.js";
import { append, asMany, goesOn } from "./more.js";
import { current, forget, loadAhead, mark, row, show } from "./panes.js";
import { hasLeft } from "./decide.js";

const AT_MOST_EVERY_MS = 1000;
let asked = null;
let newest = null; // the list as the server last gave it

export function listen() {
  const stream = new EventSource("/api/events");
  stream.addEventListener("change", (event) => {
    const { subject } = JSON.parse(event.data);
    forget((id) => id !== current() && (id === subject || row(id)?.dataset.message === subject));
    refreshSoon();
  });
  stream.addEventListener("reset", () => {
    forget((id) => id !== current());
    refreshSoon();
  });
  // The stream begins now; what happened between the page and it is in the list that is asked for.
  stream.addEventListener("open", () => {
    status("");
    refreshSoon();
  });
  stream.addEventListener("error", () => status("Not connected — trying again"));
}

function status(text) {
  const live = $("#live");
  live.textContent = text;
  live.classList.toggle("lost", Boolean(text));
}

function refreshSoon() {
  asked ??= setTimeout(() => {
    asked = null;
    refresh();
  }, AT_MOST_EVERY_MS);
}

async function refresh() {
  const main = desk();
  if (!main) return;
  try {
    const url = new URL(beside("list", current()));
    url.searchParams.set("rows", asMany());
    newest = await part(url, "#queue");
  } catch (error) {
    if (error instanceof SignedOut) status("Signed out");
    return;
  }
  if (desk() !== main) return; // another view was opened while the answer was under way
  update();
}

function update() {
  for (const shown of $$("[data-count]")) shown.textContent = newest.getAttribute(`data-count-${shown.dataset.count}`);
  const reading = $("#unread");
  reading.hidden = newest.dataset.unread === "0";
  reading.textContent = `${newest.dataset.unread} being read…`;
  const fresh = new Map($$("li[data-id]", newest).map((line) => [line.dataset.id, line]));
  keepingPlace(() => {
    for (const line of $$("#items > li:not([data-result])")) {
      const now = fresh.get(line.dataset.id);
      if (now) renew(line, now);
      else if (line.dataset.id === current()) line.classList.add("gone");
      else line.remove();
    }
  });
  if ($("#more")) followEnd([...fresh.values()]);
  offer([...fresh.keys()].filter((id) => !row(id) && !hasLeft(id)).length);
  loadAhead();
}

/** In a list that goes on, what moved up to its end from below is not new: it is added there. */
function followEnd(lines) {
  const known = lines.findLastIndex((line) => row(line.dataset.id));
  append(lines.slice(known + 1).filter((line) => !hasLeft(line.dataset.id)));
  goesOn(newest);
}

/** A known row takes over what the server says of it, but for what the person did with it. */
function renew(line, now) {
  const item = $(".item", now).cloneNode(true);
  const old = $(".item", line);
  if (old.hasAttribute("aria-current")) item.setAttribute("aria-current", "true");
  if (old.outerHTML !== item.outerHTML) old.replaceWith(item);
}

function offer(fresh) {
  const panes = $("#panes").dataset;
  const moved = panes.at && newest.dataset.current && newest.dataset.current !== panes.current;
  const pill = $("#newer");
  pill.hidden = !fresh && !moved;
  pill.textContent = moved ? "This item has changed — show" : `${fresh} new — show`;
}

/** The list as it is now, with the same row in front at the same place of the screen. */
function showNewer() {
  const id = current();
  const kept = id && row(id)?.closest("li");
  keepingPlace(() => {
    const lines = $$("li[data-id]", newest).filter((line) => !hasLeft(line.dataset.id));
    const there = lines.some((line) => line.dataset.id === id);
    const standing = lines.map((line) => row(line.dataset.id)?.closest("li") ?? line.cloneNode(true));
    $("#items").replaceChildren(...(kept && !there ? [kept] : []), ...standing);
    $("#none")?.remove();
    goesOn(newest);
  });
  if (id) mark(id);
  const moved = newest.dataset.current && newest.dataset.current !== $("#panes").dataset.current;
  if (id && moved) show(id, { fresh: true });
  else if (!id && $(".item")) show($(".item").dataset.id);
  $("#newer").hidden = true;
  loadAhead();
}

/** Runs `change` and scrolls the list so that the current row, or the first in sight, stays where it was. */
function keepingPlace(change) {
  const list = $("#queue");
  const top = list.getBoundingClientRect().top;
  const seen = $(".item[aria-current]") ?? $$(".item").find((item) => item.getBoundingClientRect().bottom > top);
  const id = seen?.dataset.id, at = seen?.getBoundingClientRect().top;
  change();
  const now = id && row(id)?.getBoundingClientRect().top;
  if (now) list.scrollTop += now - at;
}

addEventListener("click", (event) => event.target.closest("#newer") && showNewer());
