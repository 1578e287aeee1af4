// The item in front. Those beside it are loaded beforehand, so that a key paints the next one without asking anybody.
import { more } from "./more.js";
import { $, $$, SignedOut, beside, part, say } from "./page.js";

const AHEAD = 3;
const KEPT = 16;
const NEAR_END = 20;
const loaded = new Map(); // id → its panes, or the promise of them; the longest unused first
let wanted = null;

export const items = () => $$(".item");
export const row = (id) => $(`.item[data-id="${CSS.escape(id)}"]`);
export const current = () => $("#panes")?.dataset.at || null;

/** The id of the item so many places below the current one; without a current one, of the first. */
export function neighbour(by) {
  const ids = items().map((item) => item.dataset.id);
  const at = ids.indexOf(wanted ?? current());
  return ids[at < 0 ? 0 : at + by] ?? null;
}

function load(id, seen) {
  const held = loaded.get(id);
  const panes = held ?? part(beside("item", id) + (seen ? `&seen=${seen}` : ""), "#panes");
  loaded.delete(id);
  loaded.set(id, panes);
  if (!held) {
    panes.then(
      (came) => loaded.get(id) === panes && loaded.set(id, came),
      () => loaded.get(id) === panes && loaded.delete(id),
    );
  }
  for (const old of [...loaded.keys()].slice(0, -KEPT)) loaded.delete(old);
  return panes;
}

/** Forgets what was loaded of the items for which `told` holds. */
export function forget(told = () => true) {
  for (const id of [...loaded.keys()]) if (told(id)) loaded.delete(id);
}

export function loadAhead() {
  const ids = items().map((item) => item.dataset.id);
  const at = Math.max(ids.indexOf(current()), 0);
  for (const id of [...ids.slice(at + 1, at + 1 + AHEAD), ...ids.slice(Math.max(at - 1, 0), at)]) {
    if (!loaded.has(id)) load(id).catch(() => {});
  }
  if (ids.length - at < NEAR_END) more();
}

/** Shows an item: at once where it is loaded, else as soon as it came. `fresh`: as it is now, whatever was loaded, with
 * what differs from the version that was `seen`. */
export function show(id, { fresh = false, seen } = {}) {
  if (fresh) loaded.delete(id);
  else if (id === current()) return wanted = null, mark(id);
  wanted = id;
  mark(id);
  const panes = load(id, seen);
  if (panes instanceof Node) return place(id, panes, fresh);
  $("#panes").setAttribute("aria-busy", "true");
  return panes.then(
    (came) => wanted === id && place(id, came, fresh),
    (error) => {
      if (wanted !== id) return;
      if (error instanceof SignedOut) location.reload();
      $("#panes").removeAttribute("aria-busy");
      wanted = null;
      mark(current());
    },
  );
}

function place(id, panes, fresh) {
  wanted = null;
  const old = $("#panes");
  const focused = old.contains(document.activeElement);
  // What was typed into a form stays with its item.
  if (!fresh && row(old.dataset.at)) loaded.set(old.dataset.at, old);
  old.removeAttribute("aria-busy");
  old.replaceWith(panes);
  if (focused) $("article.message", panes)?.focus({ preventScroll: true });
  history.replaceState(null, "", beside("", id));
  say(row(id)?.textContent.trim().replace(/\s+/g, " ") ?? "");
  (window.requestIdleCallback ?? setTimeout)(loadAhead);
}

export function mark(id) {
  for (const item of items()) item.removeAttribute("aria-current");
  const item = id ? row(id) : null;
  item?.setAttribute("aria-current", "true");
  item?.scrollIntoView({ block: "nearest" });
}
