// Sending what was decided, again after a lost connection: the server takes the same decision once.
import { $ } from "./page.js";

const LONGEST_WAIT_MS = 10_000;
const unsent = new Set();

addEventListener("beforeunload", (event) => unsent.size && event.preventDefault());

/** Posts, for as long as it takes. Gives the answer as `done`, or why it was refused as `problem`. */
export async function post(url, body, headers = {}) {
  for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json", ...headers } });
      waiting(body, false);
      const answer = await response.json().catch(() => ({}));
      if (response.ok) return { done: answer };
      return { problem: answer.detail ?? `The service answered ${response.status}.`, status: response.status };
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
