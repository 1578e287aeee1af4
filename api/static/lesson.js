// Shows how far a lesson's effect has been looked at, until it is known.
import { $, part } from "./page.js";

const EVERY_MS = 1000;

async function follow() {
  while ($("#effect")?.hasAttribute("data-unfinished")) {
    await new Promise((done) => setTimeout(done, EVERY_MS));
    try {
      $("#effect").replaceWith(await part(location.href, "#effect"));
    } catch {
      return; // signed out or offline: the link in it looks again
    }
  }
}

follow();
