// Scenarios as timelines: what is done at each moment, and what that changes in the files.
import {counted, el, problemList} from "./dom.js";
import {get} from "./api.js";
import {fileViews} from "./files.js";

const MOST_DOTS = 12;

// Shows the scenarios of what the page knows of an entry; the one that was chosen stays chosen when a spec is saved.
export async function showScenarios(panel, now) {
  const {data} = now, names = data.scenarios || [];
  if (now.played === data && panel.firstChild) return;
  now.played = data;
  if (!names.length) {
    panel.replaceChildren(el("p.empty", {}, data.spec ? ["This spec has no scenario yet: ", el("code", {}, `catalog-forge scenario new ${data.spec.name}`), " writes one."] : "Scenarios belong to specs, and this entry was written by hand."));
    return;
  }
  const place = el("div", {});
  const load = async (name) => {
    now.scenario = name;
    try {
      const found = await get("/api/scenario", {id: now.id, name});
      if (now.scenario === name) place.replaceChildren(timelineView(found));
    } catch (error) {
      now.played = null; // of a server that has ended the page speaks by itself
      if (error.problems) place.replaceChildren(problemList(error.problems));
    }
  };
  const name = names.includes(now.scenario) ? now.scenario : names[0];
  await load(name); // what was shown stays until there is something to show in its place
  if (now.played && now.played !== data) return; // a later call shows what is newer
  panel.replaceChildren(scenarioChoice(names, name, load), place);
}

// A select of scenarios; choose(name) hears of the one that is chosen.
export function scenarioChoice(names, name, choose) {
  return el("div.field", {}, el("label", {for: "scenario"}, "Scenario"), el("select#scenario", {onchange: (event) => choose(event.target.value)},
    names.map((each) => el("option", {value: each, selected: each === name}, each))));
}

export function timelineView(data) {
  const words = {passed: "as expected", failed: "not as expected", skipped: "not played", error: "broke off"};
  return el("section.timeline", {"data-scenario": data.name, "aria-label": `Scenario ${data.name}`},
    el("p", {}, el(`span.pill.${data.outcome}`, {}, words[data.outcome]), " ", el("code.place", {}, data.file), data.reason ? ` ${data.reason}` : ""),
    el("ol.moments", {}, data.moments.map((moment, number) => momentView(data, moment, number))));
}

function momentView(data, moment, number) {
  const changed = moment.files.filter((file) => file.changed);
  const said = moment.changes.filter((each) => each !== moment.name).join(", ");
  const what = number ? (changed.length ? `${counted(changed.length, "file")} changed` : "no file changes") : counted(moment.files.length, "file");
  const views = fileViews(moment.files, `${data.name} ${number}`);
  const bad = [...moment.failures, ...moment.errors.map((message) => ({message}))];
  return el(`li.moment${moment.failures.length ? ".bad" : ""}`, {"data-moment": moment.name},
    el("h3", {}, el("span.number", {}, String(number)), moment.name, said ? el("span.dim", {}, ` ${said}`) : ""),
    el("div.units", {}, moment.units.map((each) => unitsView(each))),
    el("p.dim", {}, moment.asks ? ["seen by ", el("code", {}, moment.asks), "; "] : "", what, moment.checks ? `; ${counted(moment.checks, "check")}` : "",
      moment.reloads.map((each) => [" ", el("span.pill.change", {}, each)])),
    bad.length ? problemList(bad) : "",
    number ? views : el("details", {}, el("summary", {}, `The ${what} at the start`), views));
}

function unitsView(service) {
  const count = Math.min(service.scale, MOST_DOTS), marks = service.marks;
  const dots = Array.from({length: count}, (_, index) => el(`span.unit-dot${marks[index + 1] ? ".off" : ""}`, {"aria-hidden": "true"}));
  const off = Object.entries(marks).map(([index, word]) => `${index} ${word}`).join(", ");
  return el("span.units-of", {}, el("span", {}, `${service.name} × ${service.scale}`), dots, off ? el("span.dim", {}, off) : "");
}
