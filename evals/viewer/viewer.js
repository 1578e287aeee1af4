"use strict";
// Shows one run, or two held against each other; or a shadow run, whose messages have no labels and differ in something. Texts come from strangers: they are set as text, never as HTML.
(() => {
  const data = JSON.parse(document.getElementById("content").textContent);
  const [run, other] = data.runs;
  const ROW = 52;
  const by = (id) => document.getElementById(id);

  /** An element with a class, text or children; attributes by name. */
  function make(tag, { cls, text, of = [], ...attributes } = {}) {
    const element = document.createElement(tag);
    if (cls) element.className = cls;
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...of.filter(Boolean));
    return element;
  }

  const number = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits));
  const interval = ([, low, high]) => (low === null || low === undefined ? "" : `${number(low)} to ${number(high)}`);
  const words = (name) => name.replaceAll("_", " ");

  function outcomeOf(side) {
    if (!side) return "absent";
    if (side.f) return "failed";
    if (side.r === 1) return "right";
    return side.r > 0 ? "sometimes" : side.m ? "manual" : "wrong";
  }
  const SAID = { absent: "absent", failed: "failed", right: "right", sometimes: "at times", manual: "to manual", wrong: "wrong" };
  const mark = (kind) => make("span", { cls: `badge ${{ same: "right", failed: "failed" }[kind] ?? "sometimes"}`, text: words(kind) });
  const badge = (side) => make("span", { cls: `badge ${outcomeOf(side)}`, text: SAID[outcomeOf(side)] });

  // -- the list ------------------------------------------------------------------------------------------------------

  const cases = data.cases.map((row, at) => ({
    ...row, at, found: [row.s, row.i, row.t, row.v, row.l, row.h, ...row.n, ...row.g].join(" ").toLowerCase(),
  }));
  const OUTCOMES = data.differences ? {
    "": ["any difference", () => true],
    ...Object.fromEntries(data.differences.map(([kind, count]) => [kind, [`${words(kind)} (${count})`, (c) => c.d === kind]])),
  } : {
    "": ["any outcome", () => true],
    right: ["right", (c) => outcomeOf(c.a) === "right"],
    wrong: ["not right", (c) => outcomeOf(c.a) !== "right"],
    acted: ["wrong, not sent to manual", (c) => outcomeOf(c.a) === "wrong"],
    sure: ["wrong at 0.9 or more", (c) => outcomeOf(c.a) === "wrong" && c.a.c >= 0.9],
    manual: ["sent to manual", (c) => c.a && c.a.m],
    failed: ["failed", (c) => outcomeOf(c.a) === "failed"],
    ...(other && {
      fixed: ["right now, not before", (c) => c.a && c.b && c.a.r === 1 && c.b.r < 1],
      broken: ["right before, not now", (c) => c.a && c.b && c.a.r < 1 && c.b.r === 1],
    }),
  };
  const ORDERS = {
    given: ["as received", (x, y) => x.at - y.at],
    unsure: ["least sure first", (x, y) => (x.a?.c ?? 0) - (y.a?.c ?? 0) || x.at - y.at],
    sure: ["surest first", (x, y) => (y.a?.c ?? 0) - (x.a?.c ?? 0) || x.at - y.at],
    slow: ["slowest first", (x, y) => (y.a?.q ?? 0) - (x.a?.q ?? 0) || x.at - y.at],
    name: ["by id", (x, y) => (x.s + x.i < y.s + y.i ? -1 : 1)],
  };
  let shown = cases;
  let chosen = 0;

  function options(id, all, values) {
    const counts = new Map();
    for (const c of cases) for (const value of values(c)) if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    const sorted = [...counts].sort((x, y) => y[1] - x[1]);
    by(id).append(make("option", { text: all, value: "" }),
      ...sorted.map(([value, count]) => make("option", { text: `${words(value)} (${count})`, value })));
  }

  function narrow() {
    const wanted = by("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcome = OUTCOMES[by("outcome").value][1];
    const [suite, language, channel, intent] = ["suite", "language", "channel", "intent"].map((id) => by(id).value);
    shown = cases.filter((c) =>
      (!suite || c.s === suite) && (!language || c.l === language) && (!channel || c.h === channel)
      && (!intent || c.n.includes(intent)) && outcome(c) && wanted.every((word) => c.found.includes(word)));
    shown.sort(ORDERS[by("order").value][1]);
    by("count").textContent = `${shown.length} of ${cases.length} cases`;
    by("height").style.setProperty("height", `${shown.length * ROW}px`);
    by("rows").scrollTop = 0;
    choose(0);
  }

  /** Only the rows in sight exist, so that ten thousand cases cost no more than fifty. */
  function draw() {
    const box = by("rows");
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 5);
    const last = Math.min(shown.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 5);
    const rows = [];
    for (let n = first; n < last; n += 1) rows.push(rowOf(shown[n], n));
    box.replaceChildren(by("height"), ...rows);
  }

  function rowOf(c, n) {
    const row = make("div", {
      cls: "row", role: "option", id: `row-${n}`, "aria-selected": String(n === chosen),
      of: [
        c.d ? mark(c.d) : badge(c.a),
        other && !c.d ? badge(c.b) : make("span"),
        make("div", { of: [
          make("div", { cls: "name", text: c.t || c.i }),
          make("div", { cls: "what", text: [c.s, c.i, c.n.map(words).join(", "), c.l].filter(Boolean).join(" · ") }),
        ] }),
        make("div", { cls: "number", of: [
          make("div", { text: c.a ? number(c.a.c, 2) : "" }), make("div", { text: c.a ? `${number(c.a.q, 2)} s` : "" }),
        ] }),
      ],
    });
    row.style.setProperty("top", `${n * ROW}px`);
    row.addEventListener("click", () => choose(n));
    return row;
  }

  function choose(n) {
    chosen = Math.max(0, Math.min(n, shown.length - 1));
    const box = by("rows");
    const top = chosen * ROW;
    if (top < box.scrollTop) box.scrollTop = top;
    if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
    draw();
    box.setAttribute("aria-activedescendant", `row-${chosen}`);
    by("detail").replaceChildren(...(shown.length ? detail(shown[chosen]) : [make("p", { text: "No case fits." })]));
    by("detail").scrollTop = 0;
  }

  // -- one case ------------------------------------------------------------------------------------------------------

  function detail(c) {
    const d = JSON.parse(data.details[c.at]);
    const spans = (d.a.length ? d.a : d.b)[0]?.proposals.flatMap((p) => p.evidence) ?? [];
    const tries = (side, name) => side.map((t) => tryCard(t, side.length > 1 ? `${name}, try ${t.repeat + 1}` : name));
    return [
      make("h3", { text: c.t || c.i }),
      make("p", { cls: "dim", text: [[c.s, c.i].filter(Boolean).join("/"), d.sender, d.received, c.h, c.l, ...c.g].filter(Boolean).join(" · ") }),
      make("h2", { text: "Message" }),
      ...(d.parts.length ? d.parts.filter((p) => p.text).map((p) => part(p, spans))
        : [make("p", { cls: "dim", text: "The text is not in this file: the suite was not at hand, or has changed." })]),
      make("h2", { text: c.d ? `Differs in: ${words(c.d)}` : "Expected and found" }),
      make("div", { cls: "columns", of: [
        !c.d && expected(d.expected), ...tries(d.a, run.name), ...(other ? tries(d.b, other.name) : []),
        d.baseline && make("div", { cls: "card", of: [
          make("h3", { text: "cheap baseline" }), ...d.baseline.exceptions.map((e) => finding(e)),
          !d.baseline.exceptions.length && make("p", { text: "to manual" }),
        ] }),
      ].filter(Boolean) }),
    ];
  }

  /** A part's text with the evidence of the first try marked. Offsets count code points, not UTF-16 units. */
  function part(p, spans) {
    const letters = Array.from(p.text);
    const marks = spans.filter((s) => s.part === p.name && s.end > s.start && s.start < letters.length)
      .sort((x, y) => x.start - y.start);
    const pre = make("pre");
    let at = 0;
    for (const s of marks) {
      if (s.start < at) continue;
      pre.append(letters.slice(at, s.start).join(""));
      pre.append(make("mark", { text: letters.slice(s.start, s.end).join(""), title: s.field }));
      at = s.end;
    }
    pre.append(letters.slice(at).join(""));
    return make("div", { cls: "part", of: [make("small", { text: p.name }), pre] });
  }

  function expected(label) {
    const of = [make("h3", { text: "expected" })];
    if (!label) of.push(make("p", { text: "not labelled" }));
    if (label?.manual) of.push(make("p", { text: "the manual lane alone" }));
    for (const e of label?.exceptions ?? []) of.push(finding(e));
    return make("div", { cls: "card", of });
  }

  function tryCard(t, name) {
    const total = Object.values(t.spans).reduce((x, y) => x + y, 0);
    const steps = Object.entries(t.spans).map(([step, seconds]) => `${words(step)} ${number(1000 * seconds, 1)} ms`);
    return make("div", { cls: "card", of: [
      make("h3", { of: [`${name} `, !data.differences && badge({ r: t.right ? 1 : 0, m: t.manual, f: t.failure })] }),
      t.error && make("p", { cls: "no", text: t.error }),
      t.manual && !t.error && make("p", { text: "the whole message goes to manual" }),
      ...t.proposals.map((p) => finding(p, data.differences ? undefined : p)),
      t.engine && make("p", { cls: "finding dim", text: [`${t.engine}, ${number(t.seconds, 3)} s`, t.tokens && `${t.tokens} tokens`]
        .filter(Boolean).join(", ") }),
      total > 0 && make("p", { cls: "dim", text: steps.join(" · ") }),
    ] });
  }

  /** An exception as labelled or as found; with a verdict, what of it is right. */
  function finding(e, verdict) {
    const sign = (right) => (verdict ? (right ? " ✓" : " ✗") : "");
    const list = make("dl");
    const add = (name, value, right) => value && list.append(
      make("dt", { text: name }), make("dd", { text: value + sign(right), cls: verdict ? (right ? "yes" : "no") : "" }));
    add("record", e.record ? `${e.record.name} (${e.record.model} ${e.record.id})` : "none", verdict?.met);
    const { lines = [], ...fields } = e.fields ?? {};
    const stated = [...lines.map((line) => plain(line)), ...Object.entries(fields).map(([k, v]) => `${words(k)} ${v}`)];
    add("states", stated.join("; "), verdict?.fields_right);
    add("actions", e.actions.map(words).join(", "), verdict?.actions_right);
    if (e.acceptable_actions?.length) add("also fine", e.acceptable_actions.map(words).join(", "));
    for (const set of e.alternatives ?? []) add("or", set.map(words).join(", "));
    if (e.lane) list.append(make("dt", { text: "confidence" }), make("dd", { text: `${number(e.confidence, 2)}, ${e.lane}` }));
    return make("div", { cls: "finding", of: [
      make("strong", { text: words(e.intent) + sign(verdict?.met), cls: verdict ? (verdict.met ? "yes" : "no") : "" }), list] });
  }

  function plain(line) {
    return Object.entries(line).filter(([, value]) => value !== null)
      .map(([name, value]) => `${words(name)} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
  }

  // -- figures -------------------------------------------------------------------------------------------------------

  function table(head, rows) {
    const cell = (tag) => (value, n) => make(tag, { cls: n ? "n" : "", text: value });
    return make("div", { cls: "scroll", of: [make("table", { of: [
      make("thead", { of: [make("tr", { of: head.map(cell("th")) })] }),
      make("tbody", { of: rows.map((row) => make("tr", { of: row.map(cell("td")) })) }),
    ] })] });
  }

  function figures() {
    if (data.differences) return differences();
    const named = ([name, f]) => [data.names[name], number(f[0]), interval(f), number(run.baseline.figures[name]?.[0]),
      ...(other ? [number(other.overall.figures[name]?.[0]), interval(other.overall.figures[name] ?? [])] : [])];
    const head = ["figure", run.name, "95 % interval", "cheap baseline", ...(other ? [other.name, "95 % interval"] : [])];
    return [
      data.comparison && comparison(data.comparison),
      make("h2", { text: `${run.overall.cases} cases` }),
      table(head, Object.entries(run.overall.figures).map(named)),
      Object.keys(run.passK).length > 1 && make("div", { of: [make("h2", { text: "Right in all of k tries (pass^k)" }),
        table(["k", "share", "95 % interval"], Object.entries(run.passK)
          .map(([k, f]) => [k, number(f.value), interval([f.value, f.low, f.high])]))] }),
      make("div", { cls: "columns", of: [
        curve("Reliability", "confidence", "share right", (r) => r.reliability, true),
        curve("Risk and coverage", "coverage", "share wrong", (r) => r.risk, false),
      ] }),
      ...Object.entries(run.slices).map(([dimension, values]) => sliceTable(dimension, values)),
      run.failures.length > 0 && make("div", { of: [make("h2", { text: "Failures" }),
        ...run.failures.map((text) => make("p", { cls: "no", text }))] }),
      make("h2", { text: "What was run" }),
      make("div", { cls: "columns", of: data.runs.map((r) => make("div", { cls: "card", of: [
        make("h3", { text: r.name }), list({ ...r.about, tokens: r.spend.tokens, "seconds of work": number(r.spend.seconds, 1),
          ...(r.spend.money !== null && { money: number(r.spend.money, 4) }) })] })) }),
    ];
  }

  function list(entries) {
    return make("dl", { of: Object.entries(entries).flatMap(([k, v]) => [make("dt", { text: k }), make("dd", { text: v })]) });
  }

  function comparison(c) {
    const said = (s) => make("p", { cls: s.verdict, text: s.where ? `${s.where}: ${s.said}` : s.said });
    return make("div", { of: [
      make("h2", { text: `${run.name} held against ${other.name}, ${c.cases} cases` }),
      make("div", { cls: "card", of: [
        ...c.sentences.map(said), c.test && make("p", { text: c.test }), ...c.slices.map(said),
        c.relabelled.length > 0 && make("p", { text: `${c.relabelled.length} cases carry other labels by now; both runs are graded by those of ${c.labelsOf}.` }),
        Object.keys(c.leftOut).length > 0 && make("p", { text: `${Object.keys(c.leftOut).length} cases cannot be compared.` }),
      ] }),
    ] });
  }

  function sliceTable(dimension, values) {
    const shownFigures = ["intent_micro_f1", "record_accuracy_at_1", "exception_f1", "fields_f1", "actions_exact", "end_to_end"];
    const rows = Object.entries(values).map(([value, g]) => [
      words(value), String(g.cases), ...shownFigures.map((name) => number(g.figures[name]?.[0])),
      interval(g.figures.end_to_end ?? []),
      ...(other ? [number(other.slices[dimension]?.[value]?.figures.end_to_end?.[0])] : []),
    ]);
    const head = [dimension, "cases", ...shownFigures.map((name) => data.names[name].replace(" (headline)", "")), "95 %",
      ...(other ? [`end to end, ${other.name}`] : [])];
    return make("div", { of: [make("h2", { text: `By ${dimension}` }), table(head, rows)] });
  }

  function curve(title, across, up, pointsOf, diagonal) {
    const NS = "http://www.w3.org/2000/svg";
    const W = 360, H = 260, L = 44, B = 34, T = 10, R = 10;
    const x = (v) => L + v * (W - L - R);
    const y = (v) => H - B - v * (H - B - T);
    const svg = document.createElementNS(NS, "svg");
    const put = (tag, attributes, text) => {
      const element = document.createElementNS(NS, tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (text) element.textContent = text;
      svg.append(element);
    };
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", title);
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      put("line", { class: "axis", x1: x(0), x2: x(1), y1: y(tick), y2: y(tick) });
      put("text", { x: L - 6, y: y(tick) + 4, "text-anchor": "end" }, String(tick));
      put("text", { x: x(tick), y: H - B + 15, "text-anchor": "middle" }, String(tick));
    }
    put("text", { x: x(0.5), y: H - 4, "text-anchor": "middle" }, across);
    put("text", { x: 12, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 12 ${y(0.5)})` }, up);
    if (diagonal) put("line", { class: "ideal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) });
    data.runs.forEach((r, n) => {
      const cls = n ? "b" : "a";
      const points = pointsOf(r);
      put("polyline", { class: cls, points: points.map((p) => `${x(p[0])},${y(p[1])}`).join(" ") });
      if (diagonal) for (const p of points) put("circle", { class: cls, cx: x(p[0]), cy: y(p[1]), r: 3 });
    });
    const key = other ? `solid ${run.name}, dashed ${other.name}` : run.name;
    return make("div", { of: [make("h2", { text: title }), svg, make("p", { cls: "dim", text: key })] });
  }

  function differences() {
    const all = data.cases.length;
    return [
      make("h2", { text: `${all} messages, the candidate beside what is at work` }),
      table(["greatest difference", "messages", "share"], data.differences
        .map(([kind, count]) => [words(kind), String(count), all ? number(count / all) : "–"])),
      make("h2", { text: "The candidate" }),
      table(["made of", ""], Object.entries(run.about).map(([name, value]) => [name, String(value)])),
    ];
  }

  // -- the page ------------------------------------------------------------------------------------------------------

  function tab(name) {
    for (const id of ["cases", "figures"]) {
      by(id).hidden = id !== name;
      by(`tab-${id}`).setAttribute("aria-selected", String(id === name));
    }
    if (name === "figures" && !by("figures").childElementCount) by("figures").append(...figures().filter(Boolean));
    if (name === "cases") draw();
  }

  by("title").textContent = other ? `${run.name} against ${other.name}` : run.name;
  for (const [id, all] of [["outcome", OUTCOMES], ["order", ORDERS]]) {
    by(id).append(...Object.entries(all).map(([value, [text]]) => make("option", { value, text })));
  }
  options("suite", "any suite", (c) => [c.s]);
  options("language", "any language", (c) => [c.l]);
  options("channel", "any channel", (c) => [c.h]);
  options("intent", "any intent", (c) => c.n);
  for (const name of ["cases", "figures"]) by(`tab-${name}`).addEventListener("click", () => tab(name));
  by("filters").addEventListener("submit", (event) => event.preventDefault());
  by("filters").addEventListener("input", narrow);
  let waiting = false;
  by("rows").addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  });
  addEventListener("resize", draw);
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || by("cases").hidden || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const page = Math.floor(by("rows").clientHeight / ROW);
    const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "/") by("text").focus();
    else if (event.key in moves) choose(chosen + moves[event.key]);
    else return;
    event.preventDefault();
  });
  narrow();
})();
