/* The address is the one truth: topic, window or fixed period, filters. Everything that changes the page goes through it, so Back and a copied link work. */
(function () {
  "use strict";
  const WINDOWS = ["5m", "15m", "1h", "24h", "7d"];
  const FACETS = ["keyword", "entity", "hashtag", "mention", "domain", "emoji", "word"];
  const SENTIMENTS = ["positive", "neutral", "negative", "not_rated"];
  const EMOTIONS = ["joy", "love", "surprise", "sadness", "anger", "fear", "none", "not_rated"];
  const KINDS = ["original", "repost", "quote", "reply"];
  const MEANT = {
    sentiment: (value) => SENTIMENTS.includes(value),
    emotion: (value) => EMOTIONS.includes(value),
    kind: (value) => KINDS.includes(value),
    lang: (value) => /^[a-z0-9]{1,8}(-[a-z0-9]{1,8})*$/i.test(value),
    facet: (value) => FACETS.includes(value),
    term: (value) => value !== "",
    q: (value) => isWord(value),
  };
  const FILTERS = Object.keys(MEANT);
  let lastWindow = "15m"; // where to go back to from a fixed period

  const isWord = (value) => value.length <= 200 && /^\S+$/.test(value);

  /* {topic, window, from, to} and the filters: a fixed period has no window; what is wrong in an address is left out. */
  function asked() {
    const query = new URLSearchParams(location.search);
    const given = (name) => query.get(name) || null;
    const found = { topic: given("topic"), window: given("window"), from: given("from"), to: given("to") };
    if (found.topic && found.from && found.to) found.window = null;
    else Object.assign(found, { from: null, to: null, window: WINDOWS.includes(found.window) ? found.window : "15m" });
    for (const name of FILTERS) found[name] = given(name) && MEANT[name](given(name)) ? given(name) : null;
    if (!found.topic || !found.facet || !found.term) Object.assign(found, { facet: null, term: null });
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
    history.pushState(null, "", next);
    follow();
  }

  /* Written over the entry, not after it: Back must leave the page, not come back here. */
  function replace(change) {
    history.replaceState(history.state, "", search({ ...asked(), ...change }));
    follow();
  }

  let told = {}; // what the controls were set to last: their word of it is no choice of a person

  /* The page and its controls show what the address asks for. */
  function follow() {
    const now = asked();
    told = { topic: now.topic, window: now.window || "custom" };
    window.pulse.live.show(now);
    for (const [control, value] of Object.entries(told)) window.dash_clientside.set_props(control, { value });
  }

  /* A control says its value: at the start, after `follow`, or because a person moved it. */
  function chosen(topic, window_) {
    if (!told.window) follow();
    else if (topic && topic !== told.topic) go({ topic, facet: null, term: null });
    else if (WINDOWS.includes(window_) && window_ !== told.window) go({ window: window_, from: null, to: null });
  }

  addEventListener("popstate", follow);

  const LIVE = () => ({ from: null, to: null, window: lastWindow });
  const UNFILTERED = Object.fromEntries(FILTERS.map((name) => [name, null]));

  window.pulse = Object.assign(window.pulse || {}, {
    address: {
      FILTERS,
      UNFILTERED,
      isWord,
      asked,
      search,
      go,
      replace,
      chosen,
      goLive: () => go(LIVE()),
      clear: () => go({ ...UNFILTERED, ...(asked().window ? {} : LIVE()) }),
      filtered: (wanted) => FILTERS.some((name) => wanted[name]),
    },
  });
})();
