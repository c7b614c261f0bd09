const LEAST = 4.5;
const CANVAS = [255, 255, 255];

function parsed(colour) {
  const [red, green, blue, alpha = 1] = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  return [red, green, blue, alpha];
}

const over = (top, below) => below.map((each, index) => top[index] * top[3] + each * (1 - top[3]));

function light(colour) {
  const [red, green, blue] = colour.map((each) => each / 255).map((each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function behind(element) {
  const layers = [];
  for (let each = element; each; each = each.parentElement) layers.unshift(parsed(getComputedStyle(each).backgroundColor));
  return layers.reduce((below, top) => over(top, below), CANVAS);
}

const bad = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
  if (!text || !element.checkVisibility() || element.closest(".unseen, .skip, script, title, desc, option")) continue;
  const style = getComputedStyle(element), below = behind(element);
  const own = over(parsed(element.closest("svg") ? style.fill : style.color), below);
  const [high, low] = [light(own), light(below)].sort((one, two) => two - one);
  const contrast = (high + 0.05) / (low + 0.05);
  if (contrast < LEAST) bad.push(`${element.tagName}.${element.getAttribute("class")}: ${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
}
return bad;
