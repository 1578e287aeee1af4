// Copies a drafted letter, for a person to send. Where the browser lets no page copy, the text can be selected as ever.
import { say } from "./page.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.nextElementSibling.content.textContent);
    button.textContent = "Copied";
    say("The draft is copied.");
  } catch {
    button.textContent = "Not possible here";
  }
});
