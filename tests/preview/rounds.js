const [rounds, done] = arguments;
const shown = (file) => [...file.querySelectorAll(".line:not(.removed)")].map((line) => [...line.childNodes].at(-1).textContent);

async function ready() {
  while (document.body.dataset.state !== "ready") await new Promise((resolve) => setTimeout(resolve, 1));
}

async function play() {
  const found = [];
  for (const round of rounds) {
    for (const [selector, text] of Object.entries(round)) {
      const field = document.querySelector(selector);
      field.value = text;
      field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", {bubbles: true}));
    }
    await ready();
    const files = [...document.querySelectorAll("#files section.file")].filter((file) => file.querySelector(".line:not(.removed)"));
    found.push(Object.fromEntries(files.map((file) => [file.dataset.dest, shown(file)])));
  }
  return found;
}

play().then(done, (error) => done(String(error)));
