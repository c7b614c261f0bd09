// What of a stranger's texts has become more than text: elements that run or load, handlers, links that run.
const OWN = "script[src^='/files/'], script[type=module], script[type='application/json']";
const alive = [...document.querySelectorAll("script, iframe, object, embed, video, base, link[href^=http], meta[http-equiv=refresh], form[action]")];
const handlers = [...document.querySelectorAll("*")].flatMap((each) => [...each.attributes]).filter((each) => each.name.startsWith("on"));
const links = [...document.querySelectorAll("a[href]")].filter((each) => !/^(https?|file):$/.test(each.protocol));
return [
  ...(window.owned ? ["a script of a stranger has run"] : []),
  ...alive.filter((each) => !each.matches(OWN)).map((each) => each.outerHTML), ...handlers.map((each) => each.name), ...links.map((each) => each.href),
];
