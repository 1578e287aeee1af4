// What is typed into an edit is read while it is typed: which day a phrase means, which records there are of a name.
// Beside it, the lines that are ticked are counted on the button that approves them.
import { $, $$ } from "./page.js";

const PAUSE_MS = 200;
const waiting = new WeakMap(); // field → its timer

addEventListener("input", ({ target }) => {
  if (target.matches("[data-date]")) soon(target, read);
  if (target.matches("[data-records]")) {
    $('[value="named"]', target.closest(".another")).checked = true;
    soon(target, suggest);
  }
});

addEventListener("change", ({ target }) => {
  if (target.matches(".date [type=date]") && target.value) pick(target);
  if (target.matches('[name="line"][form="approve"]')) count();
});

function soon(field, act) {
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(act, PAUSE_MS, field));
}

async function read(field) {
  const said = document.getElementById(field.getAttribute("aria-describedby"));
  const phrase = field.value.trim();
  if (!phrase || /^\d{4}-\d\d-\d\d$/.test(phrase)) return void (said.textContent = "");
  const response = await fetch(`/api/date?${new URLSearchParams({ phrase })}`).catch(() => null);
  if (!response || field.value.trim() !== phrase) return;
  const answer = await response.json();
  said.textContent = response.ok ? `→ ${long(answer.date)}` : answer.detail;
  said.classList.toggle("bad", !response.ok);
}

const long = (iso) =>
  new Date(`${iso}T12:00:00`).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

function pick(picker) {
  const field = $("[data-date]", picker.closest(".date"));
  field.value = picker.value;
  picker.value = "";
  read(field);
  field.focus();
}

async function suggest(field) {
  const q = field.value.trim();
  const model = field.dataset.records;
  if (q.length < 2 || !model) return;
  const response = await fetch(`/api/records?${new URLSearchParams({ model, q })}`).catch(() => null);
  if (!response?.ok || field.value.trim() !== q) return;
  const found = (await response.json()).map(({ name }) => Object.assign(document.createElement("option"), { value: name }));
  field.list.replaceChildren(...found);
}

function count() {
  const lines = $$('[name="line"][form="approve"]');
  const ticked = lines.filter((line) => line.checked).length;
  const label = $("#approve [data-label]"), button = label.closest("button");
  label.textContent = ticked === lines.length ? label.dataset.label : `${label.dataset.label} ${ticked} of ${lines.length} lines`;
  button.dataset.held ??= button.disabled ? "yes" : "";
  button.disabled = Boolean(button.dataset.held) || !ticked;
}
