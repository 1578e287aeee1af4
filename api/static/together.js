// Approving many at once: choosing rows, sending them a few at a time, and a result on each.
import { $, $$, tell } from "./page.js";
import { more } from "./more.js";
import { current, row } from "./panes.js";
import { post } from "./sending.js";

const AT_ONCE = 20;
const boxes = () => $$("#items .choose:not(:disabled)");
const chosen = () => boxes().filter((box) => box.checked);

function count() {
  const number = chosen().length;
  $("#together [data-chosen]").textContent = number || "chosen";
  $("#together [data-approve]").disabled = !number;
}

/** Chooses all that match, also those that are not in the list yet. */
async function chooseAll() {
  const all = boxes().every((box) => box.checked) && !$("#more");
  for (let before = -1; $("#more") && boxes().length > before; ) {
    before = boxes().length;
    await more();
  }
  for (const box of boxes()) box.checked = !all;
  count();
}

addEventListener("change", ({ target }) => target.matches(".choose") && count());

addEventListener("click", ({ target }) => {
  if (target.closest("#choose-all")) chooseAll();
  if (!target.closest("#choose")) return;
  const box = $(".choose:not(:disabled)", row(current())?.closest("li"));
  if (box) {
    box.checked = !box.checked;
    count();
  }
});

addEventListener("submit", (event) => {
  if (event.target.id !== "together") return;
  event.preventDefault();
  approve(event.target);
});

async function approve(form) {
  const button = $("[data-approve]", form);
  const wanted = chosen().map((box) => box.value);
  if (!wanted.length) return tell("open", "Nothing is chosen yet: x chooses the item, * all of them.");
  const { intent, band } = Object.fromEntries(new URL(location.href).searchParams);
  button.disabled = true;
  const approved = [];
  let refused = 0;
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    tell("approved", `Approving ${at + 1} of ${wanted.length} …`);
    const items = wanted.slice(at, at + AT_ONCE).map((value) => {
      const [id, version] = value.split(":");
      return { id, version: Number(version) };
    });
    const { done, problem } = await send("/api/bulk/approve", form, { intent, band, items });
    for (const outcome of done?.outcomes ?? items.map(({ id }) => ({ id, detail: problem }))) {
      if (outcome.approved) approved.push(outcome);
      else refused += 1;
      mark(outcome.id, outcome.approved ? "approved" : "refused", outcome.detail ?? "");
    }
  }
  const undo = Object.assign(document.createElement("button"), { type: "button", className: "quiet" });
  undo.append("Undo ", Object.assign(document.createElement("kbd"), { textContent: "u" }));
  undo.setAttribute("aria-keyshortcuts", "u");
  undo.addEventListener("click", () => takeBack(form, approved));
  tell(refused ? "open" : "approved", `${approved.length} approved${refused ? `, ${refused} not: see each` : ""}. `, ...(approved.length ? [undo] : []));
  count();
}

async function takeBack(form, approved) {
  tell("open", "Undoing …");
  let undone = 0;
  for (const { id, version } of approved) {
    const { problem } = await send(`/api/proposals/${id}/undo`, form, null, { "If-Match": `"${version}"` });
    if (!problem) undone += 1;
    mark(id, problem ? "approved" : "undone", problem ?? "");
  }
  tell("open", undone === approved.length ? `${undone} undone.` : `${undone} of ${approved.length} undone; for the others it was too late.`);
}

/** What became of an item stands on its row until the person leaves. */
function mark(id, result, detail) {
  const line = row(id)?.closest("li");
  if (!line) return;
  line.dataset.result = result;
  const box = $(".choose", line);
  box.checked = false;
  box.disabled = true;
  $(".result", line)?.remove();
  line.append(Object.assign(document.createElement("p"), { className: `result result-${result}`, textContent: detail ? `${result}: ${detail}` : result }));
}

const send = (url, form, body, headers = {}) =>
  post(url, JSON.stringify(body), { "Content-Type": "application/json", "X-CSRF-Token": form.elements.csrf.value, ...headers });
