// Decisions. The next item is shown at once, the decision is sent meanwhile, and again after a lost connection: the
// server takes the same decision on the same version once.
import { $, alarm, beside, desk, tell } from "./page.js";
import { current, forget, items, neighbour, row, show } from "./panes.js";
import { post } from "./sending.js";
import { visit } from "./visit.js";

// Nobody reads an item in less time: a key that comes sooner was meant for the one before.
const GLANCE_MS = 250;
const LEFT_FOR_MS = 10_000;
const MOVED = new Set([409, 412]); // somebody has it, or it is no longer what was seen
const left = new Map(); // id → when it left the list by a decision taken here
let shownAt = -Infinity;

/** Whether an item has just left the list by a decision taken here, so that a list made earlier may still have it. */
export const hasLeft = (id) => performance.now() - (left.get(id) ?? -Infinity) < LEFT_FOR_MS;

addEventListener("submit", (event) => {
  const form = event.target, submitter = event.submitter;
  const told = [submitter, form].find((node) => node?.matches?.("[data-leaves], [data-then]"))?.dataset;
  if (!told) return;
  event.preventDefault();
  if (form.dataset.sent || performance.now() - shownAt < GLANCE_MS) return;
  form.dataset.sent = "yes";
  const sent = told.leaves ? leave(form, submitter, told) : stay(form, submitter, told);
  sent.finally(() => delete form.dataset.sent);
});

async function leave(form, submitter, told) {
  const id = current();
  const name = nameOf(id);
  const request = send(form, submitter);
  form.closest("details")?.removeAttribute("open"); // an open sheet holds keys back
  const putBack = takeOut(id);
  tell(told.leaves, `${name}: ${told.leaves}`);
  const { done, problem, status } = await request;
  if (problem) {
    putBack();
    refused(form, id, name, problem, status);
    return;
  }
  if (done.said && done.said !== told.leaves) tell("open", `${name}: ${done.said}`);
  if (done.undo) offerUndo(form, id, name, done.undo, putBack);
  nothingLeft(id);
}

/** The desk as it is when its last item has left. */
function nothingLeft(id) {
  if (!items().length && current() === id) visit(beside("", null), { push: false, telling: true });
}

/** For as long as a decision can be taken back, a key does it and shows the item again. */
function offerUndo(form, id, name, { version, seconds }, putBack) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet" });
  button.append("Undo ", Object.assign(document.createElement("kbd"), { textContent: "u" }));
  button.setAttribute("aria-keyshortcuts", "u");
  const said = $("#said .said");
  said?.append(" ", button);
  setTimeout(() => button.remove(), seconds * 1000);
  button.addEventListener("click", async () => {
    button.remove();
    const body = new URLSearchParams({ csrf: form.elements.csrf.value, version });
    const { problem } = await post(`/proposal/${id}/undo`, body);
    if (problem) return alarm(`${name}: ${problem}`);
    putBack();
    tell("open", `${name}: undone`);
    if (row(id)) show(id, { fresh: true });
    else visit(`/proposal/${id}`, { telling: true });
  });
}

async function stay(form, submitter, told) {
  const id = current();
  const name = nameOf(id);
  const { done, problem, status } = await send(form, submitter);
  const said = $("[data-problem]", form);
  if (problem && said && !MOVED.has(status)) {
    said.hidden = false;
    said.textContent = problem;
    said.scrollIntoView({ block: "nearest" });
  } else if (problem) {
    refused(form, id, name, problem, status);
  } else {
    tell("open", `${name}: ${done.said ?? submitter?.dataset.said ?? told.said}`);
    forget((other) => other === id);
    const putBack = told.then === "leave" && current() === id ? takeOut(id) : () => {};
    if (done.undo) offerUndo(form, id, name, done.undo, putBack);
    if (told.then === "leave") nothingLeft(id);
    else if (current() === id) show(id, { fresh: true });
  }
}

/** Takes an item out of the list and shows the next; gives what puts it back. */
function takeOut(id) {
  const next = neighbour(1) ?? neighbour(-1);
  const line = row(id)?.closest("li");
  const after = line?.nextElementSibling, list = line?.parentElement;
  line?.remove();
  count(-1);
  left.set(id, performance.now());
  forget((other) => other === id);
  if (next) {
    show(next);
    shownAt = performance.now();
  } else $("#panes").setAttribute("aria-busy", "true");
  return () => {
    left.delete(id);
    if (line && list?.isConnected && !row(id)) list.insertBefore(line, after?.isConnected ? after : null);
    count(1);
    $("#panes").removeAttribute("aria-busy");
  };
}

/** The person may be reading the next item already, so the refused one comes to the front only where it still is. What
 * moved meanwhile is shown afresh, with what is no longer as it was seen. */
function refused(form, id, name, problem, status) {
  const seen = form.elements.version?.value;
  if (current() === id) {
    alarm(problem);
    if (MOVED.has(status)) show(id, { fresh: true, seen });
    return;
  }
  const link = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Show it" });
  link.addEventListener("click", () => (row(id) ? show(id, { fresh: true, seen }) : visit(`/proposal/${id}?seen=${seen}`, { telling: true })));
  alarm(`${name} was not decided. ${problem} `, link);
  row(id)?.classList.add("refused");
}

const nameOf = (id) => [".intent", ".line-two b"].map((part) => row(id)?.querySelector(part)?.textContent).filter(Boolean).join(" · ") || "The item";

function count(by) {
  const shown = $(`[data-count="${desk().dataset.view}"]`);
  const held = Number(shown?.textContent); // "1000+" is no number
  if (shown && !isNaN(held)) shown.textContent = Math.max(held + by, 0);
}

// Not form.action: a field of that name would hide it.
const send = (form, submitter) =>
  post(submitter?.getAttribute("formaction") ?? form.getAttribute("action"), new URLSearchParams(new FormData(form, submitter)));
