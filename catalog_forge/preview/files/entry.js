// What Rancher says of an entry beside its questions: icon, name, description and facts.
import {el, problemList} from "./dom.js";

export const nameOf = (data) => data.id.split("/")[1];

export function about(data, picture) {
  const link = (text) => el("a", {href: text, rel: "noopener noreferrer", target: "_blank"}, text.replace(/^https?:\/\//, ""));
  const facts = Object.entries(data.facts || {}).map(([key, text]) => [el("dt", {}, key), el("dd", {}, /^https?:\/\//.test(text) ? link(text) : text)]);
  return [
    el("div.head", {}, picture, el("div", {}, el("h1", {}, data.title || nameOf(data)), el("p.dim", {}, `in ${data.id.split("/")[0]}`))),
    data.description && el("p.description", {}, data.description), facts.length ? el("dl", {}, facts) : "",
  ];
}

const policy = window.trustedTypes && trustedTypes.createPolicy("readme", {createHTML: (text) => text});

// A README, which was sanitised in Python; the policy of the page runs no script in it. What is wide is scrolled with the keyboard, too.
export function readme(html) {
  if (!html) return el("p.empty", {}, "This revision has no README.");
  const article = el("article#readme", {tabindex: "0", "aria-label": "README"});
  article.innerHTML = policy ? policy.createHTML(html) : html;
  for (const link of article.querySelectorAll("a[href]")) link.target = "_blank";
  for (const each of article.querySelectorAll("pre")) each.tabIndex = 0;
  return article;
}

// What is wrong with the spec of an entry, and what is shown of the entry all the same.
export const wrong = (data) => data.problems.length
  ? [el("h2", {}, `The spec has problems${data.versions ? "; below is its last valid state" : data.revision === null ? "" : "; below are the files on disk"}`), problemList(data.problems)] : [];

// Which conf image the files are of, where no spec makes it.
export const renderedBy = (answer) => answer.image ? [el("p.from", {}, "rendered by the image in ", el("code", {}, answer.image), answer.said || "")] : [];
