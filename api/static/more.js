// A list goes on at its end: its next page is added below, and nothing above it moves.
import { $, $$, part } from "./page.js";
import { row } from "./panes.js";

const MOST = 1000; // of rows in one list; beyond it the link leads to a list of its own
const PAGE = 200;
const NEAR_PX = 1500;
let adding = null;

const full = () => $$("#items > li").length + PAGE > MOST;
/** As many rows as an answer of the server has to hold to say how those in the list stand. */
export const asMany = () => Math.min(Math.max($$("#items > li").length, PAGE), MOST);

/** Adds the next page to the list, if there is one. */
export function more() {
  const link = $("#more");
  if (!link || full()) return Promise.resolve();
  return (adding ??= add(link).finally(() => (adding = null)));
}

async function add(link) {
  const url = new URL(link.href);
  url.pathname += "/list";
  const came = await part(url, "#queue").catch(() => null);
  if (!came || !link.isConnected) return; // the link is still there to press
  append($$("li[data-id]", came));
  goesOn(came);
}

/** Adds those rows that are not there yet. */
export const append = (lines) => $("#items").append(...lines.filter((line) => !row(line.dataset.id)));

/** Where the list goes on is as in another answer of the server. */
export function goesOn(list) {
  const link = $("#more"), now = $("#more", list);
  if (link && now) link.href = now.href;
  else if (now) $("#items").after(now.closest("p").cloneNode(true));
  else link?.closest("p").remove();
}

addEventListener("scroll", ({ target }) => {
  if (target.id === "queue" && target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_PX) more();
}, { capture: true, passive: true });

addEventListener("click", (event) => {
  if (!event.target.closest("#more") || full()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  more();
});
