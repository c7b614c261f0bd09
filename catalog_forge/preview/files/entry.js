// What Rancher says of an entry beside its questions: icon, name, description and facts.
import {el} from "./dom.js";

export const nameOf = (data) => data.id.split("/")[1];

export function about(data, picture) {
  const link = (text) => el("a", {href: text, rel: "noopener noreferrer", target: "_blank"}, text.replace(/^https?:\/\//, ""));
  const facts = Object.entries(data.facts || {}).map(([key, text]) => [el("dt", {}, key), el("dd", {}, /^https?:\/\//.test(text) ? link(text) : text)]);
  return [
    el("div.head", {}, picture, el("div", {}, el("h1", {}, data.title || nameOf(data)), el("p.dim", {}, `in ${data.id.split("/")[0]}`))),
    data.description && el("p.description", {}, data.description), facts.length ? el("dl", {}, facts) : "",
  ];
}

// Which conf image the files are of, where no spec makes it.
export const renderedBy = (answer) => answer.image ? [el("p.from", {}, "rendered by the image in ", el("code", {}, answer.image), answer.said || "")] : [];
