// The questions of an entry as Rancher 1.6 asks them: an input of the type of each.
import {el} from "./dom.js";

const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
const NOTES = {
  service: "STACK/SERVICE: the list shows services of running stacks and of this catalog's entries; Rancher lists the services of the environment",
  certificate: "Rancher lists the certificates of the environment: type the name of one",
  secret: "Rancher lists the secrets of the environment: type the name of one",
};
const KNOWN = ["string", "service", "certificate", "secret", "boolean", "enum", "int", "float", "date", "multiline", "password", "masked"];

// A variable as it may stand in a list of ids, which are words.
const keyOf = (variable) => encodeURIComponent(variable);

// Whether the answer to a question is not for the eyes of who looks over a shoulder.
export const isSecret = (question) => ["password", "secret", "masked"].includes(question.type);

// The form: `answers` are what was given so far, by variable; `changed(variable, text)` hears of each key press.
export function form(questions, answers, changed) {
  const groups = [...new Set(questions.map((each) => each.group || ""))];
  const fields = (group) => questions.filter((each) => (each.group || "") === group)
    .map((each) => field(each, Object.hasOwn(answers, each.variable) ? answers[each.variable] : each.default, (text) => changed(each.variable, text)));
  return el("form#questions", {autocomplete: "off", novalidate: true, onsubmit: (event) => event.preventDefault()},
    questions.some((each) => each.type === "service") && el("datalist#services"), groups.map((group) => group ? el("fieldset.group", {}, el("legend", {}, group), fields(group)) : fields(group)));
}

// Says below each question what is wrong with its answer.
export function tell(problems) {
  for (const place of document.querySelectorAll("#questions .wrong")) {
    const found = problems.find((each) => each.variable && `e-${keyOf(each.variable)}` === place.id);
    place.textContent = found ? [found.message, found.hint].filter(Boolean).join("; ") : "";
    place.parentElement.classList.toggle("bad", Boolean(found));
    for (const input of place.parentElement.querySelectorAll("[name]")) input.setAttribute("aria-invalid", found ? "true" : "false");
  }
}

function field(question, answer, changed) {
  const key = keyOf(question.variable), id = `q-${key}`;
  const shared = {
    id, name: question.variable, "aria-describedby": `d-${key} e-${key}`,
    "aria-required": question.required ? "true" : false, spellcheck: "false",
  };
  const given = (event) => changed(event.target.value);
  const star = question.required && el("span.star", {title: "required", "aria-hidden": "true"}, " *");
  const texts = [question.description, NOTES[question.type], KNOWN.includes(question.type) ? "" : `Unknown type ${question.type}: Rancher shows a text field`];
  const below = [
    el("p.note", {id: `d-${key}`}, texts.filter(Boolean).join(". ")),
    el("p.wrong", {id: `e-${key}`, "aria-live": "polite"}),
  ];
  if (question.type === "boolean") {
    const radio = (value, title) => el("label.choice", {}, el("input", {
      ...shared, id: `${id}-${value}`, type: "radio", value, checked: answer === value, onchange: given}), title);
    return el("fieldset.field.choices", {"data-type": "boolean"}, el("legend", {}, question.label, star),
      el("div", {}, radio("true", "True"), radio("false", "False")), below);
  }
  return el("div.field", {"data-type": question.type}, el("label", {for: id}, question.label, star), input(question, answer, shared, changed), below);
}

function input(question, answer, shared, changed) {
  const given = (event) => changed(event.target.value);
  const lines = () => el("textarea.mono", {...shared, rows: "3", oninput: given}, answer);
  // An input that cannot show what the entry answers, such as a number that is none, becomes one that can: what is used is to be seen.
  const showing = (box) => {
    if (box.value !== answer) { box.type = "text"; box.value = answer; }
    return box.value === answer ? box : lines();
  };
  switch (question.type) {
    case "enum":
      return el("select", {...shared, onchange: given}, [...new Set(["", ...question.options, answer])].map((each) => el("option", {value: each, selected: each === answer}, each)));
    case "int":
    case "float":
      return showing(el("input", {...shared, type: "number", step: question.type === "int" ? "1" : "any", min: question.min, max: question.max, value: answer, oninput: given}));
    case "date":
      return showing(el("input", {...shared, type: "date", value: answer, oninput: given}));
    case "multiline":
      return lines();
    case "password":
    case "masked":
      return hidden(question, answer, shared, changed);
    default:
      return showing(el("input", {...shared, type: "text", value: answer, list: question.type === "service" && "services", oninput: given}));
  }
}

function hidden(question, answer, shared, changed) {
  const box = el("input", {...shared, type: "password", autocomplete: "new-password", value: answer, oninput: () => changed(box.value)});
  const show = el("button.small", {type: "button", "aria-pressed": "false", "aria-label": `Show ${question.label}`, onclick: () => {
    box.type = box.type === "password" ? "text" : "password";
    show.setAttribute("aria-pressed", box.type === "text" ? "true" : "false");
    show.textContent = box.type === "text" ? "Hide" : "Show";
  }}, "Show");
  const make = question.type === "password" && el("button.small", {type: "button", onclick: () => {
    box.value = [...crypto.getRandomValues(new Uint32Array(24))].map((each) => LETTERS[each % LETTERS.length]).join("");
    changed(box.value);
  }}, "Generate");
  return el("div.row", {}, box, show, make);
}
