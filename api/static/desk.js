// Conveniences of the desk; it works without them. Keys, the next item at once, quiet changes of view, live updates.
import "./copy.js";
import "./keys.js";
import "./more.js";
import "./decide.js";
import "./edit.js";
import "./together.js";
import { listen } from "./live.js";
import { desk } from "./page.js";
import { arrived } from "./visit.js";

document.documentElement.classList.add("scripted");
if (desk()) {
  arrived();
  listen();
}
