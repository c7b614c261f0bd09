// The page: tiles of the catalog, or one entry. Where one is stands behind the # of the address.
import {byId, counted, el, problemList, select, tabs, visible} from "./dom.js";
import {follow, get, post, Refused} from "./api.js";
import {about, nameOf, readme, renderedBy, wrong} from "./entry.js";
import {form, isSecret, tell} from "./form.js";
import {answersView, composeView, fileViews} from "./files.js";
import {showTopology} from "./topology.js";
import {showScenarios} from "./timeline.js";

const view = byId("view");
const TABS = [["readme", "README"], ["files", "Files"], ["compose", "Compose"], ["topology", "Topology"], ["scenarios", "Scenarios"], ["findings", "Lint"], ["stack", "Running"]];
const MOST = 500; // units of a service that the page lets one choose
// The choices of who has chosen nothing. Variables and services may have any name, also one that every other object has.
const asItIs = () => ({answers: Object.create(null), scales: Object.create(null), asks: "", version: "", stack: ""});

let now = null; // what the page of an entry knows
let stamp = null; // of the files that are shown
let listed = ""; // the catalog, as its tiles show it
let turn = 0;
let asking = false, again = false;

const state = (word) => { document.body.dataset.state = word; };

// The address of an entry, whose name may have any character; place() reads it.
const addressOf = (id, revision = "") => `#/${(revision ? `${id}/${revision}` : id).replace(/\p{Surrogate}/gu, "\ufffd").split("/").map(encodeURIComponent).join("/")}`;

function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
  const [top, name, revision] = path.split("/").map(decoded);
  return {id: name ? `${top}/${name}` : "", revision: revision || "", tab: new URLSearchParams(query).get("tab") || ""};
}

function failed(error) {
  if (!(error instanceof Refused)) {
    if (error instanceof TypeError) return here(false);
    throw error;
  }
  view.replaceChildren(el("div.empty", {}, el("h1", {}, "This cannot be shown"), problemList(error.problems), el("p", {}, el("a", {href: "#/"}, "All entries"))));
  now = null;
  state("ready");
}

// What the server says of the files, and their stamp kept apart: it is another one when any file of the catalog has changed.
async function read(path, query) {
  const found = await get(path, query);
  ({stamp} = found);
  delete found.stamp;
  return found;
}

// Shows what the address says; an answer that comes when the user is already elsewhere is left.
async function show() {
  const {id, revision, tab} = place(), {hash} = location, left = () => location.hash !== hash;
  state("busy");
  try {
    if (!id) await showCatalog(left);
    else if (now && now.id === id && now.wanted === revision) choose(tab || now.tab);
    else await showEntry(id, revision, tab, left);
  } catch (error) { if (!left()) failed(error); }
}

// The catalog as tiles

// Shown anew when it has changed: what somebody types at the moment stays.
async function showCatalog(left) {
  const data = await read("/api/catalog"), text = JSON.stringify(data), typed = byId("search");
  if (left()) return;
  now = null;
  if (typed && text === listed) return state("ready");
  listed = text;
  document.title = `${visible(data.root)} · catalog-forge preview`;
  const list = el("ul#tiles", {}, data.entries.map(tile));
  const said = el("p#found.dim", {role: "status"}, counted(data.entries.length, "entry", "entries"));
  const search = el("input#search", {type: "search", placeholder: "Search", "aria-label": "Search entries", value: typed?.value || "", oninput: () => {
    const word = search.value.trim().toLowerCase();
    let count = 0;
    for (const each of list.children) count += !(each.hidden = !each.dataset.text.includes(word));
    said.textContent = counted(count, "entry", "entries");
  }, onkeydown: (event) => { if (event.key === "Escape") { search.value = ""; search.dispatchEvent(new Event("input")); } }});
  const focused = typed && document.activeElement === typed;
  view.replaceChildren(el("div.bar", {}, el("h1", {}, "Catalog"), said, search), list,
    data.entries.length ? "" : el("p.empty", {}, "There are no entries yet; to make one, run: catalog-forge new NAME"));
  if (search.value) search.dispatchEvent(new Event("input"));
  if (focused) search.focus();
  byId("status").textContent = "";
  performance.mark("tiles");
  state("ready");
}

function tile(entry) {
  const text = [entry.title, entry.id, entry.description, entry.category].join(" ").toLowerCase();
  const from = entry.problem ? el("span.pill.error", {}, "cannot be read") : entry.spec ? el("span.pill.made", {title: "generated from this spec"}, entry.spec) : el("span.pill", {}, "hand-written");
  return el("li", {"data-text": text}, el("a.tile", {href: addressOf(entry.id)},
    icon(entry.id, entry.title, entry.icon),
    el("span.name", {}, entry.title), el("span.in", {}, entry.id.split("/")[0] === "specs" ? "a spec" : `in ${entry.id.split("/")[0]}`, entry.version ? ` · ${entry.version}` : ""),
    el("span.what", {}, entry.problem || entry.description || ""),
    el("span.feet", {}, from, entry.new && el("span.pill", {}, "not generated yet"), entry.category && el("span.pill", {}, entry.category))));
}

function icon(id, title, is) {
  const letter = () => el("span.icon.letter", {"aria-hidden": "true"}, [...title || "?"][0].toUpperCase());
  if (!is) return letter();
  const picture = el("img.icon", {src: `/icon?${new URLSearchParams({id})}`, alt: "", loading: "lazy", onerror: () => picture.replaceWith(letter())});
  return picture;
}

// An entry

async function showEntry(id, revision, tab, left) {
  const kept = JSON.parse(sessionStorage.getItem(`wish ${id}`) || "null") || {};
  const wish = {...asItIs(), secrets: false, ...kept}, against = asItIs();
  for (const key of ["answers", "scales"]) wish[key] = Object.assign(asItIs()[key], kept[key]);
  const first = post("/api/render", {id, revision, ...wish, against});
  first.catch(() => null); // is told below, where it is waited for
  const data = await read("/api/entry", {id, revision});
  if (left()) return;
  now = {id, wanted: revision, data, wish, against, findings: [], written: false, tab: ""};
  build();
  choose(tab || (data.spec ? "files" : data.readme ? "readme" : "compose"));
  performance.mark("entry");
  await render(first);
  lint();
}

function build() {
  const {data, wish} = now;
  document.title = `${visible(data.title || nameOf(data))} · catalog-forge preview`;
  const spec = data.spec && el("p.from", {}, "from ", el("code", {}, `specs/${data.spec.name}.yml`), data.spec.current ? "" : el("span.pill.change", {title: `catalog-forge generate ${data.spec.name}`}, "not generated yet"));
  const revisions = data.revisions && el("div.field", {}, el("label", {for: "revision"}, "Template version"), el("select#revision", {onchange: (event) => {
    location.hash = `${addressOf(now.id, event.target.value)}?tab=${now.tab}`;
  }}, [...data.revisions].reverse().map((each) => el("option", {value: each.name, selected: each.name === data.revision}, each.version + (each.offered ? " (offered)" : "")))));
  const stack = data.stack && el("div.field", {}, el("label", {for: "stack-name"}, "Stack name"),
    el("input#stack-name", {type: "text", value: wish.stack || data.stack, oninput: (event) => { wish.stack = event.target.value; render(); }}));
  const side = el("aside.side", {"aria-label": "Entry and questions"},
    el("a.back", {href: "#/"}, "← All entries"),
    about(data, icon(data.id, data.title || nameOf(data), data.icon)), spec, revisions, stack,
    data.questions && el("h2", {}, "Configuration options"),
    data.questions && (data.questions.length ? form(data.questions, wish.answers, (variable, text) => { wish.answers[variable] = text; render(); }) : el("p.dim", {}, "The entry has no questions.")));
  view.replaceChildren(el("div#problems", {role: "alert"}, wrong(data)), el("div.entry", {}, side, el("div.main", {}, tabs(TABS, (name) => { history.replaceState(null, "", `${addressOf(now.id, now.wanted)}?tab=${name}`); choose(name); }))));
  byId("panel-readme").replaceChildren(readme(data.readme));
  byId("panel-files").replaceChildren(el("div#tools"), el("div#errors", {"aria-live": "polite"}), el("div#files"));
  if (byId("services")) get("/api/services").then(({services}) => byId("services").replaceChildren(...services.map((each) => el("option", {value: each}))), () => null);
}

function choose(name) {
  now.tab = TABS.some(([each]) => each === name) ? name : "files";
  select(TABS, now.tab);
  if (now.answer) draw();
  if (now.answer && !asking) state("ready");
}

// Asks for what comes of the answers; a key press while it is on its way is asked after it.
async function render(begun) {
  if (asking) { again = true; return; }
  asking = true;
  const mine = now;
  state("busy");
  try {
    do {
      again = false;
      const {id, wish, against, data} = mine;
      const answer = await (begun || post("/api/render", {id, revision: data.revision || "", ...wish, against}));
      begun = null;
      if (now === mine) { mine.answer = answer; keep(); tell(answer.problems); draw(); performance.mark("files"); }
    } while (again && now === mine);
    document.body.dataset.turn = String(++turn);
    if (now === mine) state("ready");
  } catch (error) { if (now === mine || !(error instanceof Refused)) failed(error); } finally { asking = false; }
  if (now !== mine && now && !now.answer) await render();
}

// What was answered outlives a reload of this tab, except what nobody may see.
function keep() {
  const hidden = new Set((now.data.questions || []).filter(isSecret).map((each) => each.variable));
  const answers = Object.fromEntries(Object.entries(now.wish.answers).filter(([name]) => !hidden.has(name)));
  sessionStorage.setItem(`wish ${now.id}`, JSON.stringify({...now.wish, answers, secrets: false}));
}

function badge(name, text) {
  const place = byId(`tab-${name}`).querySelector(".badge");
  place.textContent = text || "";
  place.hidden = !text;
}

function draw() {
  const {answer} = now;
  const rest = answer.problems.filter((each) => !each.variable);
  const changed = (answer.files || []).filter((each) => each.changed);
  const lines = changed.reduce((sum, each) => sum + each.changed, 0);
  badge("files", changed.length ? String(lines) : "");
  byId("status").textContent = answer.files ? (changed.length ? `${counted(lines, "line")} changed in ${counted(changed.length, "file")}` : "as with the default answers") : "";
  if (now.tab === "files") drawFiles(answer, rest);
  if (now.tab === "compose") drawCompose(answer, rest);
  if (now.tab === "topology") showTopology(byId("panel-topology"), now);
  if (now.tab === "scenarios") showScenarios(byId("panel-scenarios"), now);
  if (now.tab === "findings") drawFindings();
  if (now.tab === "stack") drawStack();
}

function drawFiles(answer, rest) {
  const {data} = now;
  byId("errors").replaceChildren(...(rest.length || (answer.errors || []).length ? [problemList([...rest, ...(answer.errors || []).map((message) => ({message}))])] : []));
  drawTools(answer);
  const none = data.problems.length ? "No files while the spec has problems." : answer.nodes.length ? "No file could be rendered." : data.nothing || answer.unknown || "No container of this scale reads the configuration.";
  byId("files").replaceChildren(...renderedBy(answer), ...(answer.files ? fileViews(answer.files) : rest.length ? [] : [el("p.empty", {}, none)]));
}

function drawTools(answer) {
  const tools = byId("tools"), {wish, data} = now;
  if (!answer.services) return;
  // An input in which somebody types stays the same element, so the tools are made anew only when there are other services.
  const key = JSON.stringify([answer.version_read, ...answer.services.map((each) => each.name)]);
  const option = (text, is, title = text) => el("option", {value: text, selected: is}, title);
  const nodes = () => answer.nodes.map((each) => option(each, each === answer.asks));
  if (tools.dataset.key === key) {
    const asks = byId("asks"), there = asks ? [...asks.options].map((each) => each.value) : [];
    if (asks && String(there) !== String(answer.nodes)) asks.replaceChildren(...nodes());
    if (Boolean(asks) === answer.nodes.length > 0) return;
  }
  tools.dataset.key = key;
  const scale = (each) => el("label", {}, el("span", {}, each.name), el("input", {id: `scale-${each.name}`, type: "number", min: "0", max: String(MOST), name: each.name, value: String(each.scale), oninput: (event) => {
    const number = event.target.valueAsNumber;
    if (Number.isInteger(number) && number >= 0 && number <= MOST) { wish.scales[each.name] = number; render(); } else event.target.reportValidity();
  }}));
  tools.replaceChildren(
    el("fieldset#scales", {}, el("legend", {}, "Scale"), answer.services.map(scale)),
    answer.nodes.length ? el("label", {}, el("span", {}, "Node"), el("select#asks", {onchange: (event) => { wish.asks = event.target.value; render(); }}, nodes())) : "",
    answer.nodes.length && data.versions ? el("label", {}, el("span", {}, "Metadata"), el("select#version", {onchange: (event) => { wish.version = event.target.value; render(); }}, data.versions.map((each) => option(each, each === (wish.version || answer.version_read), each + (each === answer.version_read ? (data.spec ? " (spec)" : " (image)") : ""))))) : "",
    el("div.actions", {},
      el("label.choice", {}, el("input#secrets", {type: "checkbox", checked: wish.secrets, onchange: (event) => { wish.secrets = event.target.checked; render(); }}), "Secrets"),
      el("button#pin", {type: "button", title: "Mark all later changes", onclick: () => { now.against = structuredClone(wish); render(); }}, "Compare from here"),
      el("button#reset", {type: "button", title: "Reset all answers, scales and the node to those of the entry", onclick: reset}, "Reset")));
}

async function reset() {
  Object.assign(now.wish, asItIs());
  now.against = asItIs();
  byId("tools")?.removeAttribute("data-key");
  build();
  choose(now.tab);
  await render();
}

function drawCompose(answer, rest) {
  byId("panel-compose").replaceChildren(
    el("div.bar", {}, el("label.choice", {}, el("input#written", {type: "checkbox", checked: now.written, onchange: (event) => { now.written = event.target.checked; draw(); }}), "Show variables as they are written")),
    rest.length ? problemList(rest) : "", ...(answer.compose || []).map((each) => composeView(each, now.findings, now.written)),
    now.data.nothing ? el("p.empty", {}, now.data.nothing) : "", Object.keys(answer.answers || {}).length ? answersView(answer.answers) : "");
}

async function lint() {
  const mine = now;
  const {findings} = await get("/api/findings", {id: mine.id, revision: mine.data.revision || ""}).catch(() => ({findings: []}));
  if (now !== mine) return;
  const order = ["error", "warning", "note"];
  mine.findings = findings.sort((one, two) => order.indexOf(one.level) - order.indexOf(two.level));
  mine.linted = true;
  badge("findings", findings.length);
  if (mine.answer) draw();
}

function drawFindings() {
  byId("panel-findings").replaceChildren(!now.linted ? el("p.empty", {}, "Looking…") : now.findings.length ? el("ul.findings", {}, now.findings.map((each) => el(`li.${each.level}`, {},
    el("p", {}, el(`span.pill.${each.level}`, {}, each.level), el("b", {}, each.rule), el("code.place", {}, each.line ? `${each.file}:${each.line}:${each.column}` : each.file)),
    el("p", {}, each.message, each.hint && el("span.hint", {}, each.hint)), each.source && el("pre", {tabindex: "0"}, each.source)))) : el("p.empty", {}, "Lint has no findings."));
}

async function drawStack() {
  const mine = now, panel = byId("panel-stack");
  const {stacks} = await get("/api/stack", {id: mine.id}).catch(() => ({stacks: null}));
  if (now !== mine || mine.tab !== "stack" || !stacks) return;
  panel.replaceChildren(...(stacks.length ? stacks.map(stackView) : [el("p.empty", {}, "No stack of this entry runs here. ", el("code", {}, `catalog-forge up ${mine.id} -d`), " starts one.")]));
  clearTimeout(mine.timer);
  mine.timer = setTimeout(() => { if (now === mine && mine.tab === "stack") drawStack(); }, 2000);
}

function stackView(stack) {
  const cell = (text, kind) => el("td", {}, kind ? el(`span.dot.${kind}`, {"aria-hidden": "true"}) : "", text || "–");
  const good = {running: "good", healthy: "good", stopped: "bad", unhealthy: "bad"};
  return el("section.stack", {}, el("h3", {}, stack.name, el("span.facts", {}, el("span.pill", {}, stack.phase))), stack.error && el("p.wrong", {}, stack.error),
    el("table", {}, el("thead", {}, el("tr", {}, ["Unit", "State", "Health", "Address"].map((each) => el("th", {scope: "col"}, each)))),
      el("tbody", {}, stack.units.map((each) => el("tr", {}, el("th", {scope: "row"}, each.name), cell(each.state, good[each.state] || "wait"), cell(each.health, each.health && (good[each.health] || "wait")), cell(each.address))))),
    stack.reloads.length ? [el("h4", {}, "Last reloads"), el("ol.news", {}, stack.reloads.map((each) => el("li", {}, el("time", {}, each.time.replace("T", " ")), el("b", {}, each.container), each.text)))] : "",
    stack.news.length ? [el("h4", {}, "Last events"), el("ol.news", {}, stack.news.map((each) => el("li", {}, each)))] : "");
}

// The catalog on disk, and the server

async function refresh() {
  if (!place().id) return show();
  if (!now) return show();
  const mine = now;
  try {
    const data = await read("/api/entry", {id: mine.id, revision: mine.wanted});
    if (now !== mine) return;
    const focused = document.activeElement, side = document.querySelector(".side").scrollTop;
    const text = JSON.stringify(data) !== JSON.stringify(mine.data);
    mine.data = data;
    if (text) {
      build();
      choose(mine.tab);
      document.querySelector(".side").scrollTop = side;
      resume(focused);
    }
    await render();
    lint();
  } catch (error) { failed(error); }
}

// Focuses the element that stands in the place of another; in a text, the caret is where it was, and in a number, at its end.
function resume(old) {
  const made = byId(old.id);
  if (!made) return;
  if (made.type === "number") { const {value} = made; made.value = ""; made.value = value; }
  made.focus({preventScroll: true});
  if (typeof old.selectionStart === "number") made.setSelectionRange?.(old.selectionStart, old.selectionEnd);
}

function here(is, since) {
  const banner = byId("offline"), back = !banner.hidden;
  banner.hidden = is;
  banner.textContent = is ? "" : `The server has ended. Start it again: catalog-forge preview --port ${location.port}`;
  if (!is) state("offline");
  if (is && (back || since !== stamp)) refresh(); // what was shown before it told of changes may have changed
  if (is) document.body.dataset.since = since;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && byId("search") && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName)) { event.preventDefault(); byId("search").focus(); }
});
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); view.focus(); }); // the # is the address
window.addEventListener("hashchange", show);
show().then(() => follow(refresh, here));
