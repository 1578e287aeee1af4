// Changing views and filters without loading the whole page, so that keys and the live connection go on.
import { $, desk, say } from "./page.js";
import { forget, loadAhead, mark, show } from "./panes.js";

let visiting = null;

/** Goes to an address of the desk. Whatever is not the desk is opened as a page. `telling`: what was said last, with
 * what takes it back, still stands there. */
export async function visit(url, { push = true, telling = false } = {}) {
  visiting?.abort();
  const own = (visiting = new AbortController());
  let response, page;
  try {
    response = await fetch(url, { signal: own.signal });
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (error.name !== "AbortError") location.href = url;
    return;
  }
  const next = $("main.desk", page);
  if (!next || !desk()) {
    location.href = response.url;
    return;
  }
  const same = next.dataset.view === desk().dataset.view;
  const scrolled = same ? $("#queue").scrollTop : 0;
  if (telling) for (const id of ["#said", "#alerts"]) $(id, next).replaceWith($(id));
  document.title = page.title;
  desk().replaceWith(document.adoptNode(next));
  if (push) history.pushState(null, "", response.url);
  else history.replaceState(null, "", response.url);
  forget();
  $("#queue").scrollTop = scrolled;
  arrived();
}

export function arrived() {
  mark($("#panes").dataset.at);
  const said = $(".item[aria-current]")?.textContent.trim().replace(/\s+/g, " ");
  say(said ?? document.title);
  loadAhead();
}

addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || !desk() || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || link.hash || !/^\/($|desk\/|proposal\/)/.test(url.pathname)) return;
  event.preventDefault();
  if (link.matches(".item")) show(link.dataset.id);
  else visit(url.href);
});

addEventListener("submit", (event) => {
  const form = event.target;
  if (!desk() || !form.matches(".filters")) return;
  event.preventDefault();
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  visit(`${form.getAttribute("action")}${query.size ? `?${query}` : ""}`);
});

addEventListener("popstate", () => (desk() ? visit(location.href, { push: false }) : location.reload()));
