// What every script here uses: finding things on the page, asking the server for a part of it, and saying something.

export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
export const desk = () => $("main.desk");

/** Whether keys belong to what is being typed or chosen. */
export const typing = (target) => Boolean(target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]"));

export class SignedOut extends Error {}

/** The first element that `selector` finds in the answer of `url`. Throws SignedOut, or whatever went wrong. */
export async function part(url, selector) {
  const response = await fetch(url);
  if (response.status === 401) throw new SignedOut();
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.adoptNode($(selector, page));
}

/** The address of the desk as it is shown, or of a part of it: the same view and filters, at an item. */
export function beside(what, at) {
  const url = new URL(location.href);
  url.pathname = `/desk/${desk().dataset.view}${what && `/${what}`}`;
  url.hash = "";
  url.searchParams.delete("did");
  url.searchParams.delete("at");
  if (at) url.searchParams.set("at", at);
  return url.href;
}

/** Reads a sentence out to whoever does not look at the screen. */
export function say(text) {
  $("#spoken").textContent = text;
}

/** A line above the list on what was done. */
export function tell(kind, ...content) {
  $("#said").replaceChildren(line(`said said-${kind}`, "status", content));
}

/** A line above the list on what went wrong; it stays until it is closed. */
export function alarm(...content) {
  const close = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: "×", ariaLabel: "Close" });
  const said = line("alert", "alert", [...content, close]);
  close.addEventListener("click", () => said.remove());
  $("#alerts").append(said);
}

function line(className, role, content) {
  const made = Object.assign(document.createElement("p"), { className, role });
  made.append(...content);
  return made;
}
