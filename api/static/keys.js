// Keys. What a key does is said by the page: `aria-keyshortcuts` on whatever it presses, `data-go` on what g leads to,
// `data-nth` on what a number chooses. While a sheet is open, keys open or close sheets and choose in it, no more.
import { $, $$, desk, typing } from "./page.js";
import { more } from "./more.js";
import { neighbour, show } from "./panes.js";

const OFF = "keys-off";
const GO_MS = 1500;
let goUntil = 0;

const visible = (node) => node.checkVisibility();
const step = async (by) => {
  if (by > 0 && !neighbour(by)) await more();
  const next = neighbour(by);
  if (next) show(next);
};
const moves = { j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1) };

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (key === "Escape") return escape(target);
  if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.matches("textarea")) return target.form.requestSubmit();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(target) || $("dialog[open]")) return;
  if (localStorage.getItem(OFF) && key !== "?") return;
  const pressed = found(event);
  if (!pressed) return;
  event.preventDefault();
  pressed();
});

function found({ key, repeat, target }) {
  if (performance.now() < goUntil) {
    goUntil = 0;
    const link = $(`[data-go="${CSS.escape(key)}"]`);
    return link && (() => link.click());
  }
  if (key === "g") return () => (goUntil = performance.now() + GO_MS);
  if (key.startsWith("Arrow") && !target.closest(".item, body:not(:has(:focus))")) return null;
  if (moves[key] && desk()) return moves[key];
  if (repeat) return null;
  const opened = $(".drop[open]");
  if (/^[1-9]$/.test(key)) {
    const chosen = opened ? $$(`[data-nth="${key}"]`, opened).find(visible) : $(`.tab[data-nth="${key}"]`);
    return chosen && !chosen.disabled && (() => chosen.click());
  }
  const control = $$(`[aria-keyshortcuts="${CSS.escape(key)}"]`).find((node) => visible(node) && !node.disabled);
  return control && (!opened || control.matches("summary, #show-help")) && (() => press(control));
}

function press(control) {
  if (control.matches("input, textarea")) return control.focus();
  control.click();
  const drop = control.closest("details[open]");
  if (drop && control.matches("summary")) ($("[data-first]", drop) ?? $("[data-nth], select, input:not([type=hidden])", drop))?.focus();
}

function escape(target) {
  if (typing(target)) target.blur();
  const opened = $(".drop[open], .menu[open]");
  if (!opened) return;
  opened.removeAttribute("open");
  $("summary", opened).focus();
}

addEventListener("click", ({ target }) => {
  for (const menu of $$(".menu[open]")) if (!menu.contains(target)) menu.removeAttribute("open");
});

$("#show-help")?.addEventListener("click", () => $("#help").showModal());

const single = $("#single-keys");
if (single) {
  single.checked = !localStorage.getItem(OFF);
  single.addEventListener("change", () => (single.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes")));
}
