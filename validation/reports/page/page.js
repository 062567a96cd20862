"use strict";
(() => {
const read = id => { const one = document.getElementById(id); return one ? JSON.parse(one.textContent) : null; };
const data = read("report");
const $ = id => document.getElementById(id);
const SEVERITIES = ["reject", "error", "warning", "notice"];
const ROW = 58, TALLEST = 15e6;
const size = data.kind.length;
const kinds = data.kinds;
const el = (tag, text, attributes) => {
  const one = document.createElement(tag);
  if (text !== undefined && text !== null) one.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) one.setAttribute(name, value);
  return one;
};
const grouped = number => number.toLocaleString("en-US").replace(/,/g, "\u202f");
const coded = (column, at) => column.at[at] < 0 ? "" : column.of[column.at[at]];
const fingerprint = at => data.fingerprints.substr(17 * at, 17);

// head
$("title").textContent = data.title;
document.title = `Validation report ${data.title}`;
for (const severity of SEVERITIES) {
  const accepted = data.counts[severity] - data.open[severity], records = data.records[severity];
  const more = [accepted ? `${grouped(accepted)} accepted` : "",
    records !== data.counts[severity] ? `${grouped(records)} records` : ""].filter(Boolean).join(", ");
  const text = `${grouped(data.open[severity])} ${data.ledger ? "open " : ""}${severity}` + (more ? ` (${more})` : "");
  $("badges").append(el("span", text, {class: data.open[severity] ? severity : "quiet"}));
}
if (data.ledger)
  $("badges").append(el("span", "ledger: " + Object.entries(data.ledger).map(([name, count]) =>
    `${grouped(count)} ${name}`).join(", "), {class: "quiet"}));

// views
const VIEWS = {findings: "Findings", issues: "Issues", datasets: "Datasets", rules: "Rules",
  "not-run": "Rules not run", fixed: "Fixed", about: "About the run"};
const tabs = {};
const show = name => {
  for (const [key, tab] of Object.entries(tabs)) {
    tab.setAttribute("aria-selected", key === name);
    tab.tabIndex = key === name ? 0 : -1;
    $("view-" + key).hidden = key !== name;
  }
  const section = $("view-" + name);
  if (!section.childElementCount) fillView(name, section);
  if (name === "findings") draw();
};
for (const [name, title] of Object.entries(VIEWS)) {
  if (name === "fixed" && !data.tables.fixed) continue;
  const tab = el("button", title, {type: "button", role: "tab", "aria-controls": "view-" + name});
  tab.addEventListener("click", () => show(name));
  tabs[name] = tab;
  $("tabs").append(tab);
}
$("tabs").addEventListener("keydown", event => {
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!step) return;
  const names = Object.keys(tabs);
  const next = names[(names.findIndex(one => tabs[one] === document.activeElement) + step + names.length) % names.length];
  tabs[next].focus();
  show(next);
});
const WHOLE = new Set(["rule", "dataset"]);
const CODES = new Set(["status", "cause"]);
function fillView(name, section) {
  const table = name === "about" ? {columns: ["item", "value"], rows: data.overview} : data.tables[name];
  const made = el("table"), head = el("tr"), body = el("tbody");
  const numeric = table.columns.map((_, at) => table.rows.length > 0 && table.rows.every(row => typeof row[at] === "number"));
  table.columns.forEach((title, at) => head.append(el("th", title, numeric[at] ? {class: "number", scope: "col"} : {scope: "col"})));
  for (const row of table.rows) {
    const line = el("tr");
    row.forEach((value, at) => {
      const text = typeof value === "number" ? grouped(value) : value;
      const column = table.columns[at];
      const cell = el("td", undefined, {class: numeric[at] ? "number" : WHOLE.has(column) ? "short" : String(value).length > 40 ? "wide" : String(value).length < 20 ? "short" : ""});
      if ((column === "rule" && ruleNumbers.has(value)) || (column === "dataset" && datasetNumbers.has(value))) {
        const link = el("button", text, {type: "button", class: "link"});
        link.addEventListener("click", () => {
          clear();
          if (name === "issues" || column === "rule") $("rule").value = row[table.columns.indexOf("rule")];
          if (name === "issues" || column === "dataset") $("dataset").value = row[table.columns.indexOf("dataset")];
          show("findings");
          filter();
          $("list").focus();
        });
        cell.append(link);
      } else { cell.textContent = CODES.has(column) ? value.replace(/_/g, " ") : text; if (column === "severity") cell.className = value; }
      line.append(cell);
    });
    body.append(line);
  }
  const top = el("thead");
  top.append(head);
  made.append(top, body);
  if (!table.rows.length) section.append(el("p", "nothing"));
  else section.append(made);
}

// the rule column is as wide as the longest id on the page
$("table").style.setProperty("--rule", Math.min(34, Math.max(9, ...kinds.rule.map(one => one.length)) * .62 + 0.5) + "em");

// filters
const ruleNumbers = new Map(), datasetNumbers = new Map();
kinds.rule.forEach(one => ruleNumbers.set(one, 1));
kinds.dataset.forEach(one => datasetNumbers.set(one, 1));
const options = (id, values, every) => {
  $(id).append(el("option", every, {value: ""}));
  for (const value of values) $(id).append(el("option", value, {value}));
};
options("rule", [...ruleNumbers.keys()].sort(), "every rule");
options("dataset", [...datasetNumbers.keys()].filter(Boolean).sort(), "every dataset");
if (data.ledger) {
  options("status", ["open", "new", "known", "accepted"], "every status");
  $("status").value = "open";
}
else $("status-label").hidden = true;
for (const severity of SEVERITIES) {
  const label = el("label"), box = el("input", undefined, {type: "checkbox", value: severity, id: "see-" + severity});
  box.checked = true;
  label.append(box, el("span", severity, {class: severity}));
  $("severities").append(label);
}
const kindText = kinds.rule.map((_, at) => [kinds.rule[at], kinds.dataset[at], kinds.variable[at], kinds.message[at],
  kinds.reference[at], kinds.severity[at], kinds.source[at]].join("\n").toLowerCase());
const lower = {};
const lowered = name => lower[name] || (lower[name] = data[name].of.map(one => one.toLowerCase()));
let visible = new Int32Array(0), active = -1;
function filter() {
  const words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const rule = $("rule").value, dataset = $("dataset").value, status = $("status").value;
  const seen = new Set(SEVERITIES.filter(one => $("see-" + one).checked));
  const allowed = kinds.rule.map((_, at) => seen.has(kinds.severity[at]) && (!rule || kinds.rule[at] === rule)
    && (!dataset || kinds.dataset[at] === dataset));
  const right = data.status.of.map(one => !status || (status === "open" ? one !== "accepted" : one === status));
  const tests = words.map(word => ({
    kind: kindText.map(text => text.includes(word)),
    keys: lowered("keys").map(text => text.includes(word)),
    value: lowered("value").map(text => text.includes(word)),
    explanation: lowered("explanation").map(text => text.includes(word)),
  }));
  const found = new Int32Array(size);
  let count = 0;
  for (let at = 0; at < size; at++) {
    if (!allowed[data.kind[at]] || !right[data.status.at[at]]) continue;
    let fits = true;
    for (const test of tests)
      if (!(test.kind[data.kind[at]] || test.keys[data.keys.at[at]] || test.value[data.value.at[at]]
        || test.explanation[data.explanation.at[at]])) { fits = false; break; }
    if (fits) found[count++] = at;
  }
  visible = found.subarray(0, count);
  active = count ? 0 : -1;
  const more = data.total > size ? ` (this page holds ${grouped(size)} of ${grouped(data.total)}, worst first)` : "";
  $("shown").textContent = `${grouped(count)} of ${grouped(size)} findings${more}`;
  $("list").setAttribute("aria-rowcount", count);
  $("list").scrollTop = 0;
  draw();
  detail();
}
function clear() {
  $("text").value = "";
  for (const id of ["rule", "dataset", "status"]) $(id).value = "";
  for (const severity of SEVERITIES) $("see-" + severity).checked = true;
}
let waiting = 0;
$("text").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
$("filters").addEventListener("change", event => { if (event.target !== $("text")) filter(); });
$("clear").addEventListener("click", () => { clear(); filter(); });
document.addEventListener("keydown", event => {
  if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
  event.preventDefault();
  show("findings");
  $("text").focus();
});
$("text").addEventListener("keydown", event => {
  if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); $("list").focus(); }
});

// list: only the rows in sight are in the document; beyond the tallest box a browser draws, scrolling is scaled
const list = $("list"), sizer = $("sizer");
function scale() {
  const full = visible.length * ROW, tall = Math.min(full, TALLEST), room = list.clientHeight;
  return {tall, room, factor: full > tall ? (full - room) / (tall - room) : 1};
}
function draw() {
  const {tall, room, factor} = scale();
  sizer.style.height = tall + "px";
  const offset = list.scrollTop * factor, first = Math.max(0, Math.floor(offset / ROW) - 5);
  const last = Math.min(visible.length, Math.ceil((offset + room) / ROW) + 5);
  const rows = [];
  for (let place = first; place < last; place++) rows.push(line(place, place * ROW - offset + list.scrollTop));
  sizer.replaceChildren(...rows);
  if (active >= first && active < last) list.setAttribute("aria-activedescendant", "row-" + active);
  else list.removeAttribute("aria-activedescendant");
}
function line(place, top) {
  const at = visible[place], kind = data.kind[at];
  const one = el("div", undefined, {class: "row " + coded(data.status, at), role: "row", id: "row-" + place,
    "aria-rowindex": place + 1, "aria-selected": place === active, style: `top:${top}px`});
  const severity = kinds.severity[kind];
  const lines = (...parts) => cell(parts.filter(Boolean).join("\n"), "lines");
  one.append(cell(severity, severity), cell(kinds.rule[kind]), lines(kinds.dataset[kind], kinds.variable[kind]),
    cell(data.record[at] || "", "number"), lines(kinds.message[kind]), lines(coded(data.value, at), coded(data.keys, at)));
  one.addEventListener("click", () => { choose(place); });
  return one;
}
const cell = (text, name) => {
  const one = el("span", text, {role: "gridcell", class: name || ""});
  if (String(text).length > 14) one.title = text;
  return one;
};
function choose(place) {
  if (!visible.length) return;
  active = Math.max(0, Math.min(visible.length - 1, place));
  const {factor, room} = scale(), offset = list.scrollTop * factor, top = active * ROW;
  if (top < offset) list.scrollTop = top / factor;
  else if (top + ROW > offset + room) list.scrollTop = (top + ROW - room) / factor;
  draw();
  detail();
}
let drawing = 0;
list.addEventListener("scroll", () => { if (!drawing) drawing = requestAnimationFrame(() => { drawing = 0; draw(); }); });
addEventListener("resize", draw);
list.addEventListener("keydown", event => {
  const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
  const to = {ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0,
    End: visible.length - 1}[event.key];
  if (to !== undefined) { event.preventDefault(); choose(to); }
  else if (event.key === "Enter") { event.preventDefault(); $("detail").focus(); }
});
$("detail").addEventListener("keydown", event => { if (event.key === "Escape") list.focus(); });

// details
const blocks = {};
const block = name => name in blocks ? blocks[name] : (blocks[name] = read("records-" + name));
function pair(into, name, value) {
  if (value === "" || value === null || value === undefined) return;
  into.append(el("dt", name), el("dd", value));
}
function detail() {
  const panel = $("detail");
  panel.replaceChildren();
  panel.scrollTop = 0;
  if (active < 0) { panel.append(el("p", "No finding fits the filters.")); return; }
  const at = visible[active], kind = data.kind[at], rule = data.rules[kinds.rule[kind]] || ["", "", ""];
  panel.append(el("h2", kinds.message[kind]));
  const facts = el("dl"), severity = el("dd", kinds.severity[kind], {class: kinds.severity[kind]});
  facts.append(el("dt", "Severity"), severity);
  pair(facts, "Rule", kinds.rule[kind]);
  if (rule[1] !== kinds.message[kind]) pair(facts, "Checks that", rule[1]);
  pair(facts, "Reference", kinds.reference[kind] || rule[0]);
  pair(facts, "Dataset", kinds.dataset[kind]);
  pair(facts, "Variable", kinds.variable[kind]);
  pair(facts, "Record", data.record[at] ? grouped(data.record[at]) : "");
  pair(facts, "Keys", coded(data.keys, at));
  pair(facts, "Value", coded(data.value, at));
  if (data.count && data.count[at] !== 1) pair(facts, "Occurs", grouped(data.count[at]) + " times");
  if (kinds.source[kind])
    pair(facts, "Found in", kinds.source[kind] + (data.row && data.row[at] ? `, ${/\.xml$/i.test(kinds.source[kind]) ? "line" : "row"} ${data.row[at]}` : ""));
  pair(facts, "Status", coded(data.status, at));
  pair(facts, "Explanation", coded(data.explanation, at));
  pair(facts, "Fingerprint", fingerprint(at));
  panel.append(facts);
  if (data.record[at]) record(panel, kinds.dataset[kind], data.record[at], kinds.variable[kind].split(", "));
  history.replaceState(null, "", "#" + fingerprint(at));
}
function record(panel, name, number, named) {
  const held = block(name), place = held ? search(held.records, number) : -1;
  if (place < 0) {
    panel.append(el("h3", `Record ${number} of ${name}`), el("p", "This record is not on this page, which holds the first ones of each issue.", {class: "quiet"}));
    return;
  }
  raw(panel, held, place);
  panel.append(el("h3", `Record ${number} of ${name}`));
  const table = el("table", undefined, {id: "record"}), body = el("tbody");
  held.columns.forEach((column, at) => {
    const text = coded(held.cells[at], place), line = el("tr");
    line.className = (named.includes(column) ? "named" : "") + (text === "" ? " empty" : "");
    line.append(el("td", column, {class: "name"}), el("td", text === "" ? "(missing)" : text));
    body.append(line);
  });
  table.append(body);
  panel.append(table);
}
function raw(panel, held, place) {
  if (!held.raw) return;
  panel.append(el("h3", "Raw rows behind the record"));
  const from = held.raw.start[place], to = held.raw.start[place + 1];
  if (from === to) { panel.append(el("p", "None: a rule of the specification made this record.", {class: "quiet"})); return; }
  const items = el("ul", undefined, {id: "raw"});
  for (let at = from; at < to; at++) {
    const [source, file] = held.raw.sources[held.raw.source[at]], item = el("li");
    item.append(el("code", file || source), document.createTextNode(`, row ${held.raw.row[at]}` + (file ? ` (${source})` : "")));
    items.append(item);
  }
  panel.append(items);
}
function search(sorted, value) {
  let low = 0, high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] === value) return middle;
    if (sorted[middle] < value) low = middle + 1; else high = middle - 1;
  }
  return -1;
}

// start: a fingerprint in the address opens its finding
const asked = location.hash.slice(1);
show("findings");
filter();
if (/^F[0-9a-f]{16}$/.test(asked)) {
  let found = data.fingerprints.indexOf(asked);
  while (found >= 0 && found % 17) found = data.fingerprints.indexOf(asked, found + 1);
  if (found >= 0 && visible.indexOf(found / 17) < 0) { clear(); filter(); }
  if (found >= 0) choose(visible.indexOf(found / 17));
}
document.documentElement.dataset.ready = "yes";
})();
