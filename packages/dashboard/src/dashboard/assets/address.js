/* The address is the one truth: topic, window or fixed period, filter. Everything that changes the page goes through it, so Back and a copied link work. */
(function () {
  "use strict";
  const WINDOWS = ["5m", "15m", "1h", "24h", "7d"];
  const FACETS = ["keyword", "entity", "hashtag", "mention", "domain", "emoji", "word"];
  const SENTIMENTS = ["positive", "neutral", "negative", "not_rated"];
  let lastWindow = "15m"; // where to go back to from a fixed period

  /* {topic, window, from, to, sentiment, facet, term}: a fixed period has no window; what is wrong in an address is left out. */
  function asked() {
    const query = new URLSearchParams(location.search);
    const given = (name) => query.get(name) || null;
    const found = { topic: given("topic"), window: given("window"), from: given("from"), to: given("to"), sentiment: given("sentiment"), facet: given("facet"), term: given("term") };
    if (found.topic && found.from && found.to) found.window = null;
    else Object.assign(found, { from: null, to: null, window: WINDOWS.includes(found.window) ? found.window : "15m" });
    if (!SENTIMENTS.includes(found.sentiment)) found.sentiment = null;
    if (!found.topic || !FACETS.includes(found.facet) || !found.term || found.sentiment) Object.assign(found, { facet: null, term: null });
    if (found.window) lastWindow = found.window;
    return found;
  }

  function search(wanted) {
    const given = Object.entries(wanted).filter(([, value]) => value);
    return `?${new URLSearchParams(given)}`.replaceAll("%3A", ":");
  }

  /* The same page with something changed: a new entry of the history, or none when nothing changed. */
  function go(change) {
    const now = asked();
    const next = search({ ...now, ...change });
    if (next === search(now)) return;
    document.documentElement.toggleAttribute("data-pending", true); // what is painted answers the question before
    window.dash_clientside.set_props("url", { search: next });
  }

  const LIVE = () => ({ from: null, to: null, window: lastWindow });
  const UNFILTERED = { sentiment: null, facet: null, term: null };

  window.pulse = Object.assign(window.pulse || {}, {
    address: {
      WINDOWS,
      asked,
      search,
      go,
      filter: (chosen) => go({ ...UNFILTERED, ...chosen }),
      unfilter: () => go(UNFILTERED),
      goLive: () => go(LIVE()),
      clear: () => go({ ...UNFILTERED, ...(asked().window ? {} : LIVE()) }),
      filtered: (wanted) => Boolean(wanted.sentiment || wanted.facet),
    },
  });
})();
