// What the server is asked. An answer that is an error becomes an error with its problems.

export class Refused extends Error {
  constructor(problems) {
    super(problems[0] ? problems[0].message : "the server refused");
    this.problems = problems;
  }
}

async function asked(path, options = {}) {
  const answer = await fetch(path, options);
  const data = await answer.json();
  if (!answer.ok) throw new Refused(data.problems || []);
  return data;
}

export const get = (path, query = {}) => asked(`${path}?${new URLSearchParams(query)}`);

export const post = (path, body) =>
  asked(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});

// Calls changed() when a file of the catalog changes, and here(true or false) when the server comes and goes: it comes with the
// stamp of the files from which on it tells of changes. A tab that nobody sees does not listen, because browsers open only six
// connections to a server, for all their tabs together.
export function follow(changed, here) {
  let events = null;
  const listen = () => {
    events?.close();
    if (document.hidden) return;
    events = new EventSource("/api/events");
    events.addEventListener("hello", (event) => here(true, event.data));
    events.addEventListener("changed", changed);
    events.addEventListener("error", () => here(false));
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}
