// Files line by line, with what changed.
import {counted, el} from "./dom.js";

const MARKS = {"+": ".added", "-": ".removed", " ": ""};
const COMMENT = /^\s*(#|;|<!--|\/\/)/;
const shown = new Map();

// Sections of files; one that is as it was when it was shown last stays the same element, others say which lines are fresh.
export function fileViews(files, place = "files") {
  return files.map((file) => {
    const key = `${place} ${file.dest}`, text = JSON.stringify(file), old = shown.get(key);
    if (old && old.text === text) return old.view;
    const view = fileView(file, old ? old.lines : null, place === "files");
    shown.set(key, {text, view, lines: new Set(file.lines.map((line) => line[1]))});
    return view;
  });
}

function fileView(file, before, isMain) {
  const cut = file.dest.lastIndexOf("/") + 1;
  const state = file.gone ? "gone" : file.new ? "new" : file.changed ? counted(file.changed, "line") + " changed" : "";
  const lines = file.lines.map(([mark, text]) => {
    if (mark === "…") {
      const left = el("span.line.left-out", {}, `${counted(Number(text), "line")} as before`);
      left.style.counterIncrement = `line ${Number(text)}`;
      return left;
    }
    const fresh = before && mark !== "-" && !before.has(text) ? ".fresh" : "";
    const comment = COMMENT.test(text) ? ".comment" : "";
    const said = mark === "+" ? "added: " : mark === "-" ? "removed: " : "";
    return el(`span.line${MARKS[mark]}${fresh}${comment}`, {}, said && el("span.unseen", {}, said), text || " ");
  });
  // Only one of the sections of a file is a landmark: those of a timeline would all have the same name.
  return el("section.file", {"data-dest": file.dest, "aria-label": file.dest, role: isMain ? null : "group"},
    el("h3", {}, el("span.dim", {}, file.dest.slice(0, cut)), file.dest.slice(cut),
      el("span.facts", {}, state && el("span.pill.change", {}, state), file.secret && el("span.pill", {}, "secret"), file.mode && el("code", {}, file.mode))),
    el("pre", {tabindex: "0"}, lines));
}

// A compose file with the answers in it, findings below their lines; `written` shows the variables as the author wrote them.
export function composeView(file, findings, written) {
  const at = new Map();
  for (const each of findings.filter((found) => found.file === file.path)) {
    const row = file.source ? file.source.indexOf(each.line) + 1 || 1 : Math.max(1, each.line);
    at.set(row, [...(at.get(row) || []), each]);
  }
  const piece = (each) => typeof each === "string" ? each : el("span.answer", {"data-variable": each[1], title: each[0]}, written ? each[0] : each[2] || "∅");
  const lines = file.lines.flatMap((pieces, index) => [
    el(`span.line${COMMENT.test(String(pieces[0])) ? ".comment" : ""}`, {}, pieces.length ? pieces.map(piece) : " "),
    ...(at.get(index + 1) || []).map((each) => el(`span.finding.${each.level}`, {}, el("b", {}, each.rule), ` ${each.message}`, each.hint && el("span.hint", {}, each.hint))),
  ]);
  return el("section.compose.file", {"data-file": file.name, "aria-label": file.name},
    el("h3", {}, file.name, el("span.facts", {}, file.source && el("span.pill", {}, "templates rendered"))), el("pre", {tabindex: "0"}, lines));
}

// The answers as Rancher's answers.txt has them, quoted for a shell.
export function answersView(answers) {
  const quoted = (text) => /^[\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const lines = Object.entries(answers).map(([name, text]) => el("span.line", {}, `${name}=${quoted(text)}`));
  return el("section.compose.file", {"data-file": "answers.txt", "aria-label": "answers.txt"}, el("h3", {}, "answers.txt"), el("pre", {tabindex: "0"}, lines));
}
