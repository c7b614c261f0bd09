// An entry in one file, without a server: it shows what was rendered when the file was written.
import {byId, counted, el, problemList, select, tabs} from "./dom.js";
import {about, readme, renderedBy, wrong} from "./entry.js";
import {form, isSecret} from "./form.js";
import {answersView, composeView, fileViews} from "./files.js";
import {drawing} from "./topology.js";
import {scenarioChoice, timelineView} from "./timeline.js";

const data = JSON.parse(byId("data").textContent);
const TABS = [["files", "Files"], ["compose", "Compose"], ["topology", "Topology"], ["scenarios", "Scenarios"], ["readme", "README"]];
const answer = data.answer || {};
const questionOf = (variable) => data.questions.find((each) => each.variable === variable);
const chosen = new Map(); // answers other than the defaults, the last one at the end

function build() {
  const picture = data.picture && el("img.icon", {src: data.picture, alt: ""});
  byId("root").textContent = data.made;
  byId("view").replaceChildren(el("div#problems", {role: "alert"}, wrong(data)), el("div.entry", {},
    el("aside.side", {"aria-label": "Entry and questions"}, about(data, picture), data.spec && el("p.from", {}, "from ", el("code", {}, `specs/${data.spec.name}.yml`)),
      el("h2", {}, "Configuration options"), form(data.questions || [], {}, choose),
      el("h2", {}, "Not in this file"), el("ul#left-out.note", {}, data.left_out.map((each) => el("li", {}, each))), el("p.note", {}, el("code", {}, `catalog-forge preview ${data.id}`), " shows it.")),
    el("div.main", {}, tabs(TABS, (name) => select(TABS, name)))));
  byId("panel-readme").replaceChildren(readme(data.readme));
  byId("panel-topology").replaceChildren(data.svg ? drawing(data.svg) : el("p.empty", {}, "There is no drawing."));
  const place = el("div", {}), play = (name) => place.replaceChildren(timelineView(data.played.find((each) => each.name === name)));
  const names = data.played.map((each) => each.name);
  byId("panel-scenarios").replaceChildren(...(names.length ? [scenarioChoice(names, names[0], play), place] : [el("p.empty", {}, "There is no scenario.")]));
  if (names.length) play(names[0]);
}

function choose(variable, text) {
  chosen.delete(variable);
  if (text !== questionOf(variable).default) chosen.set(variable, text);
  draw();
}

function draw() {
  const [variable, value] = [...chosen].at(-1) || [];
  const option = data.options.find((each) => each.variable === variable && each.value === value);
  const changed = option ? option.files : [];
  const shown = (answer.files || []).map((file) => changed.find((each) => each.dest === file.dest) || file);
  const added = changed.filter((file) => !shown.includes(file));
  const lines = changed.reduce((sum, each) => sum + each.changed, 0);
  byId("status").textContent = !variable ? "as with the default answers"
    : !option ? `${variable}: the effect of this answer is not in this file`
    : `${variable}=${value}${chosen.size > 1 ? " alone" : ""}: ${counted(lines, "line")} changed in ${counted(changed.length, "file")}`;
  const problems = [...(answer.problems || []).filter((each) => !each.variable), ...(option ? option.problems.map((message) => ({message})) : [])];
  byId("panel-files").replaceChildren(...(problems.length ? [problemList(problems)] : []), ...renderedBy(answer), ...fileViews([...shown, ...added]),
    ...(shown.length ? [] : [el("p.empty", {}, answer.unknown || "No file could be rendered.")]));
  const given = Object.fromEntries([...chosen].map(([name, text]) => [name, isSecret(questionOf(name)) ? "***" : text]));
  const put = (piece) => typeof piece === "string" || !Object.hasOwn(given, piece[1]) ? piece : [piece[0], piece[1], given[piece[1]]];
  const files = (answer.compose || []).map((file) => ({...file, lines: file.lines.map((pieces) => pieces.map(put))}));
  byId("panel-compose").replaceChildren(...files.map((file) => composeView(file, [], false)), answersView({...answer.answers, ...given}));
}

build();
select(TABS, "files");
draw();
document.body.dataset.state = "ready";
