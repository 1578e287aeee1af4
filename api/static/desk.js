// Keys, quiet page changes and the live hint. Everything here is a convenience: the page works without it.
"use strict";

const POLL_MS = 4000;
const root = document.documentElement;
root.classList.add("scripted");

const $ = (selector, within = document) => within.querySelector(selector);
const desk = () => $("main.desk");
let visiting = null;

// --- changing pages without losing the list's place --------------------------------------------------------------

async function visit(url, { body = null, push = true } = {}) {
  visiting?.abort();
  const own = (visiting = new AbortController());
  let response, page;
  try {
    response = await fetch(url, body ? { method: "POST", body, signal: own.signal } : { signal: own.signal });
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (error.name === "AbortError") return;
    if (body) announce("The service cannot be reached. Nothing was sent twice; try again.");
    else location.href = url;
    return;
  }
  const next = $("main", page);
  const wanted = next?.classList.contains("desk") && desk() && next.dataset.view === desk().dataset.view;
  if (!next || !desk()) { location.href = response.url; return; }
  const scrolled = wanted ? $("#queue").scrollTop : 0;
  document.title = page.title;
  $("main").replaceWith(document.adoptNode(next));
  if (push && response.url !== location.href && !(body && !response.redirected)) history.pushState(null, "", response.url);
  if (!desk()) { location.href = response.url; return; }
  $("#queue").scrollTop = scrolled;
  showCurrent();
  const said = $(".alert[role=alert], .said"), item = $(".item[aria-current]");
  $("#spoken").textContent = [said, item].map((node) => node?.textContent.trim().replace(/\s+/g, " ") ?? "").join(". ");
}

function showCurrent() {
  $(".item[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function announce(text) {
  const live = $("#live");
  if (live) live.textContent = text;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || !desk() || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || link.hash || !/^\/(desk|proposal)\//.test(url.pathname)) return;
  event.preventDefault();
  visit(url.href);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  // Not form.action and form.method: a field of that name would hide them.
  const action = form.getAttribute("action"), method = form.getAttribute("method");
  if (!desk() || method === "dialog" || !form.closest("main")) return;
  event.preventDefault();
  const sent = new FormData(form, event.submitter);
  if (method === "get") {
    const query = new URLSearchParams([...sent].filter(([, value]) => value));
    visit(`${action}${query.size ? `?${query}` : ""}`);
    return;
  }
  if (form.dataset.sent) return;
  form.dataset.sent = "yes";
  visit(action, { body: new URLSearchParams([...sent]) }).finally(() => delete form.dataset.sent);
});

document.addEventListener("change", (event) => {
  if (event.target.matches(".filters select")) event.target.form.requestSubmit();
});

addEventListener("popstate", () => (desk() ? visit(location.href, { push: false }) : location.reload()));

// --- keys ---------------------------------------------------------------------------------------------------------

function typing(target) {
  return target.matches?.("input, textarea, select, [contenteditable]");
}

function step(by) {
  const items = [...document.querySelectorAll(".item")];
  const at = items.findIndex((item) => item.hasAttribute("aria-current"));
  const next = items[at < 0 ? 0 : at + by];
  if (next) visit(next.href);
}

function open(id) {
  const drop = document.getElementById(id);
  if (!drop) return;
  document.querySelectorAll(".drop[open]").forEach((other) => other !== drop && other.removeAttribute("open"));
  drop.open = !drop.open;
  const first = id === "edit" ? $("select", drop) : $("[data-reason]", drop);
  if (drop.open) first?.focus();
}

function escape(target) {
  if (typing(target)) target.blur();
  const opened = $(".drop[open], .menu[open]");
  if (opened) { opened.removeAttribute("open"); $("summary", opened)?.focus(); }
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  a: () => { const button = $("#approve button"); if (button && !button.disabled) $("#approve").requestSubmit(); },
  e: () => open("edit"),
  r: () => open("reject"),
  "/": () => $("#q")?.focus(),
  "?": () => $("#help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return escape(event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key === "a") return;
  if (typing(event.target) || $("dialog[open]")) return;
  if (/^[1-9]$/.test(event.key)) {
    const reason = $(`#reject[open] [data-reason="${event.key}"]`);
    const tab = $(`.tab[data-tab="${event.key}"]`);
    if (reason ?? tab) { event.preventDefault(); (reason ?? tab).click(); }
    return;
  }
  if (keys[event.key] && (desk() || event.key === "?")) { event.preventDefault(); keys[event.key](); }
});

$("#show-help")?.addEventListener("click", () => $("#help").showModal());

// --- the live hint ------------------------------------------------------------------------------------------------

let entry = null;

async function poll() {
  const main = desk();
  if (!main || document.hidden) return;
  const query = new URLSearchParams(location.search);
  query.set("view", main.dataset.view);
  if (main.dataset.at) query.set("at", main.dataset.at);
  let pulse;
  try {
    const response = await fetch(`/api/pulse?${query}`);
    if (response.status === 401) return announce("Signed out");
    if (!response.ok) throw new Error(response.status);
    pulse = await response.json();
  } catch {
    return announce("Not connected — trying again");
  }
  if (desk() !== main) return; // the page changed while the answer was under way
  announce(pulse.unread ? `${pulse.unread} being read` : "");
  if (entry === pulse.entry) return;
  entry = pulse.entry;
  for (const [view, count] of Object.entries(pulse.counts)) {
    const shown = $(`[data-count="${view}"]`);
    if (shown) shown.textContent = count;
  }
  const known = new Set([...document.querySelectorAll(".item")].map((item) => item.dataset.id));
  const fresh = pulse.ids.filter((id) => !known.has(id)).length;
  const moved = pulse.current && main.dataset.current !== pulse.current;
  const pill = $("#newer");
  pill.hidden = !fresh && !moved;
  pill.textContent = moved ? "This item has changed — show" : `${fresh} new — show`;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#newer")) return;
  const url = new URL(location.href);
  if (desk().dataset.at) url.searchParams.set("at", desk().dataset.at);
  url.searchParams.delete("did");
  visit(url.href, { push: false });
});

if (desk()) {
  showCurrent();
  setInterval(poll, POLL_MS);
  poll();
}
