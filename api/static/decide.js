// Decisions. The next item is shown at once, the decision is sent meanwhile, and again after a lost connection: the
// server takes the same decision on the same version once.
import { $, alarm, beside, desk, tell } from "./page.js";
import { current, forget, items, neighbour, row, show } from "./panes.js";
import { visit } from "./visit.js";

const LONGEST_WAIT_MS = 10_000;
// Nobody reads an item in less time: a key that comes sooner was meant for the one before.
const GLANCE_MS = 250;
const LEFT_FOR_MS = 10_000;
const left = new Map(); // id → when it left the list by a decision taken here
const unsent = new Set();
let shownAt = -Infinity;

/** Whether an item has just left the list by a decision taken here, so that a list made earlier may still have it. */
export const hasLeft = (id) => performance.now() - (left.get(id) ?? -Infinity) < LEFT_FOR_MS;

addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches?.("[data-leaves], [data-then]")) return;
  event.preventDefault();
  if (form.dataset.sent || performance.now() - shownAt < GLANCE_MS) return;
  form.dataset.sent = "yes";
  const sent = form.dataset.leaves ? leave(form, event.submitter) : stay(form, event.submitter);
  sent.finally(() => delete form.dataset.sent);
});

addEventListener("beforeunload", (event) => unsent.size && event.preventDefault());

async function leave(form, submitter) {
  const id = current();
  const name = nameOf(id);
  const request = send(form, submitter);
  const putBack = takeOut(id);
  tell(form.dataset.leaves, `${name}: ${form.dataset.leaves}`);
  const { done, problem } = await request;
  if (done?.undo) offerUndo(form, id, name, done.undo, putBack);
  if (problem) {
    putBack();
    refused(id, name, problem);
  } else nothingLeft(id);
}

/** The desk as it is when its last item has left. */
function nothingLeft(id) {
  if (!items().length && current() === id) visit(beside("", null), { push: false });
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
    else visit(`/proposal/${id}`);
  });
}

async function stay(form, submitter) {
  const id = current();
  const name = nameOf(id);
  const { done, problem } = await send(form, submitter);
  const said = $("[data-problem]", form);
  if (problem && said) {
    said.hidden = false;
    said.textContent = problem;
  } else if (problem) {
    refused(id, name, problem);
  } else {
    tell("open", `${name}: ${form.dataset.said}`);
    forget((other) => other === id);
    const putBack = form.dataset.then === "leave" && current() === id ? takeOut(id) : () => {};
    if (done.undo) offerUndo(form, id, name, done.undo, putBack);
    if (form.dataset.then === "leave") nothingLeft(id);
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

/** The person may be reading the next item already, so the refused one comes to the front only where it still is. */
function refused(id, name, problem) {
  if (current() === id) {
    alarm(problem);
    show(id, { fresh: true });
    return;
  }
  const link = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "Show it" });
  link.addEventListener("click", () => (row(id) ? show(id, { fresh: true }) : visit(`/proposal/${id}`)));
  alarm(`${name} was not decided. ${problem} `, link);
  row(id)?.classList.add("refused");
}

const nameOf = (id) => [".intent", ".line-two b"].map((part) => row(id)?.querySelector(part)?.textContent).filter(Boolean).join(" · ") || "The item";

function count(by) {
  const shown = $(`[data-count="${desk().dataset.view}"]`);
  if (shown) shown.textContent = Math.max(Number(shown.textContent) + by, 0);
}

// Not form.action: a field of that name would hide it.
const send = (form, submitter) => post(form.getAttribute("action"), new URLSearchParams(new FormData(form, submitter)));

/** Posts, for as long as it takes. Gives the answer as `done`, or why it was refused as `problem`. */
async function post(url, body) {
  for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
      waiting(body, false);
      const answer = await response.json().catch(() => ({}));
      return response.ok ? { done: answer } : { problem: answer.detail ?? `The service answered ${response.status}.` };
    } catch {
      waiting(body, true);
      await pause(wait);
    }
  }
}

const pause = (ms) => new Promise((go) => {
  setTimeout(go, ms);
  addEventListener("online", go, { once: true });
});

function waiting(body, yes) {
  if (yes) unsent.add(body);
  else unsent.delete(body);
  const said = $("#unsent");
  said.hidden = !unsent.size;
  said.textContent = `Not connected. ${unsent.size} ${unsent.size === 1 ? "decision waits" : "decisions wait"} to be sent.`;
}
