// The drawing of the stack, as the server makes it of the answers.
import {el, problemList} from "./dom.js";
import {post} from "./api.js";

// The text of an SVG drawing as an element: it is read as XML, never as the markup of this page.
export function drawing(svg) {
  const made = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  return el("div.drawing", {tabindex: "0", role: "group", "aria-label": "Topology"}, document.importNode(made, true));
}

// Draws what the page knows of an entry; a newer answer is drawn by a later call, and an older one must not lie over it.
export async function showTopology(panel, now) {
  const {answer} = now;
  if (now.drawn === answer && panel.firstChild) return;
  now.drawn = answer;
  try {
    const {svg} = await post("/api/topology", {id: now.id, revision: now.data.revision || "", ...now.wish});
    if (now.drawn === answer) panel.replaceChildren(svg ? drawing(svg) : el("p.empty", {}, "There is nothing to draw."));
  } catch (error) {
    now.drawn = null; // of a server that has ended the page speaks by itself
    if (error.problems) panel.replaceChildren(problemList(error.problems));
  }
}
