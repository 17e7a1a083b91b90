/* Which results of a search come first: pages that answer a question, then pages about one thing. */
const PLACES = [[/^(changelog|contributing|security)$|^_modules\//, -12], [/^(.*\/)?index$/, 4], [/^(howto|tutorials)\//, 12], [/^explanation\//, 7], [/^reference\/names\//, -3], [/^reference\//, 0], [/./, 9]];
const wordsOf = (text) => text.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean);
const ASKED = wordsOf(new URLSearchParams(location.search).get("q") ?? "");

var Scorer = {
  score: ([page, title, , , score]) => {
    const found = wordsOf(title);
    const inTitle = ASKED.every((word) => found.includes(word)) ? 30 + (found.length === ASKED.length ? 30 : 0) : 0;
    return score + inTitle + PLACES.find(([place]) => place.test(page))[1];
  },
  // what follows is as Sphinx has it
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
// a page from a file may read no other, so it can show nothing of what it finds
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";
