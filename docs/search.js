// How the site's search ranks its results: pages to work with come before single rules of lint, facts and decisions.
var Scorer = {
  score: ([page, , , , score]) =>
    score + (/^(decisions|facts|rules)\//.test(page) ? -8 : { spec: 3, commands: 2 }[page] || 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
