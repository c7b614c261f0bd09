// Elements out of data: what a catalog says comes in as text, never as markup.

// el("a.tile#first", {href: "#/"}, "text", child): a tag with classes and an id, attributes, event listeners (on...), children.
export function el(name, attributes = {}, ...children) {
  const [, tag, rest] = name.match(/^([a-z0-9]+)(.*)$/);
  const made = document.createElement(tag);
  for (const [, mark, word] of rest.matchAll(/([.#])([^.#]+)/g)) mark === "." ? made.classList.add(word) : (made.id = word);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made && typeof value === "boolean") made[key] = value;
    else made.setAttribute(key, value);
  }
  const kept = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  made.append(...kept.map((child) => typeof child === "string" && tag !== "textarea" ? visible(child) : child));
  return made;
}

// A text in which nothing hides: characters that turn what is around them, or that have no shape, are named; but not those that
// words and emoji are written with.
export const visible = (text) => text.replace(/(?![\t\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u3164\uffa0]/gu, (char) => `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`);

export const counted = (number, what, many = `${what}s`) => `${number} ${number === 1 ? what : many}`;

export const byId = (id) => document.getElementById(id);

// What is wrong, as the commands say it: the place, the message, what helps.
export function problemList(problems) {
  return el("ul.problems", {}, problems.map((each) => el("li", {},
    each.where && el("code.place", {}, each.where), el("span", {}, each.message), each.hint && el("span.hint", {}, each.hint))));
}

// Tabs as the ARIA practices have them, and their panels: arrows, Home and End move among them. select() shows one of them.
export function tabs(list, choose) {
  const buttons = list.map(([name, title]) => el(`button#tab-${name}`, {
    role: "tab", type: "button", "aria-controls": `panel-${name}`, onclick: () => choose(name),
  }, title, " ", el("span.badge", {hidden: true})));
  const moves = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity};
  const bar = el("div.tabs", {role: "tablist", "aria-label": "Views of the entry", onkeydown: (event) => {
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const now = buttons.indexOf(document.activeElement), count = buttons.length;
    const next = Number.isFinite(move) ? (now + move + count) % count : move < 0 ? 0 : count - 1;
    choose(list[next][0]);
    byId(`tab-${list[next][0]}`).focus();
  }}, buttons);
  return [bar, list.map(([name]) => el(`section.panel#panel-${name}`, {role: "tabpanel", "aria-labelledby": `tab-${name}`}))];
}

// Shows the panel of one of these tabs, and hides the others.
export function select(list, chosen) {
  for (const [name] of list) {
    const is = name === chosen, tab = byId(`tab-${name}`);
    tab.setAttribute("aria-selected", is ? "true" : "false");
    tab.tabIndex = is ? 0 : -1;
    byId(`panel-${name}`).hidden = !is;
  }
}
