/* What a person clicks: bars, labels and minutes become filters or a period, a word is searched for; chips say which, and take them away. */
(function () {
  "use strict";
  const element = (id) => document.getElementById(id);
  const address = () => window.pulse.address;
  const MINUTE = 60000;

  document.addEventListener("click", (event) => {
    const mark = event.target.closest(MARKS);
    if (mark) choose(asks(mark));
    else if (event.target.closest("#volume")) chooseStep(event);
  });

  const MARKS = ["sentiment", "emotion", "kind", "lang", "facet"].map((name) => `button[data-${name}]`).join();

  /* What a mark asks for, as the address names it. */
  const asks = (mark) => Object.fromEntries(address().FILTERS.filter((name) => name in mark.dataset).map((name) => [name, mark.dataset[name]]));
  const isChosen = (asked) => Object.entries(asked).every(([name, value]) => address().asked()[name] === value);
  const without = (asked) => Object.fromEntries(Object.keys(asked).map((name) => [name, null]));

  /* It joins the filters that are there; the mark that is chosen already is let go of. */
  const choose = (asked) => address().go(isChosen(asked) ? without(asked) : asked);

  /* A step of the chart is a period; its coloured part a sentiment too. */
  function chooseStep(event) {
    const plot = document.querySelector("#volume .js-plotly-plot");
    const hit = plot && stepAt(plot, event);
    if (hit) showStep(hit.start, hit.end, hit.sentiment);
  }

  function showStep(start, end, sentiment) {
    address().go({ window: null, from: iso(start), to: iso(end), ...(sentiment ? { sentiment } : {}) });
  }

  const STACK = ["negative", "neutral", "positive", "not_rated"];

  function stepAt(plot, event) {
    const { xaxis, yaxis } = plot._fullLayout;
    const box = plot.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - xaxis._offset, event.clientY - box.top - yaxis._offset];
    if (!plot._fullData.length || x < 0 || x > xaxis._length || y < 0 || y > yaxis._length) return null;
    const starts = Array.from(plot._fullData[0].x, (start) => Date.parse(`${start}Z`));
    const step = starts.length > 1 ? starts[1] - starts[0] : MINUTE;
    const at = xaxis.p2c(x);
    const index = starts.findIndex((start) => start <= at && at < start + step);
    if (index < 0) return null;
    let height = 0;
    const sentiment = STACK.find((label, trace) => (height += plot._fullData[trace].y[index] || 0) > yaxis.p2c(y));
    return { start: starts[index], end: starts[index] + step, sentiment };
  }

  const iso = (time) => new Date(time).toISOString().replace(".000Z", "Z");

  /* --- chips --- */

  const LABELS = { entity: "", hashtag: "hashtag", keyword: "keyword", word: "word", mention: "mention", domain: "domain", emoji: "emoji" };

  function chips(now) {
    const made = [];
    if (!now.window) made.push(chip(`Period ${said(now)}`, "Back to the live window", () => address().goLive()));
    const add = (names, text) => made.push(chip(text, "Take this filter away", () => address().go(without(names))));
    if (now.sentiment) add({ sentiment: "" }, now.sentiment.replace("_", " "));
    if (now.emotion) add({ emotion: "" }, { none: "no emotion", not_rated: "emotion not rated" }[now.emotion] || now.emotion);
    if (now.kind) add({ kind: "" }, { original: "originals", repost: "reposts", quote: "quotes", reply: "replies" }[now.kind]);
    if (now.lang) add({ lang: "" }, language(now.lang));
    if (now.facet) add({ facet: "", term: "" }, termSaid(now));
    if (now.q) add({ q: "" }, `with “${now.q}”`);
    if (made.length > 1) made.push(clearAll());
    element("chips").replaceChildren(...made);
    showWord(now.q || "");
    press();
  }

  function press(within = document) {
    within.querySelectorAll(MARKS).forEach((mark) => {
      const pressed = String(isChosen(asks(mark)));
      if (mark.getAttribute("aria-pressed") !== pressed) mark.setAttribute("aria-pressed", pressed);
    });
  }

  const LANGUAGES = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

  function language(tag) {
    if (tag === "und") return "unknown language";
    try {
      return LANGUAGES.of(tag) || tag;
    } catch {
      return tag;
    }
  }

  function chip(text, title, away) {
    const item = document.createElement("li");
    const label = document.createElement("bdi");
    const button = document.createElement("button");
    label.textContent = text;
    Object.assign(button, { type: "button", textContent: "✕", title, onclick: away });
    button.setAttribute("aria-label", `${title}: no longer only ${text}`);
    item.append(label, button);
    return item;
  }

  function clearAll() {
    const item = document.createElement("li");
    const button = document.createElement("button");
    item.className = "bare";
    Object.assign(button, { type: "button", className: "plain", textContent: "Clear all", title: "Esc", onclick: () => address().clear() });
    item.append(button);
    return item;
  }

  function termSaid({ facet, term }) {
    if (facet === "entity") {
      const [, kind, text] = /^([^:]*):(.*)$/s.exec(term) || [null, "entity", term];
      return `${kind.toLowerCase()} “${text}”`;
    }
    return facet === "hashtag" ? `#${term}` : `${LABELS[facet]} “${term}”`;
  }

  function said({ from, to }) {
    const [start, end] = [new Date(from), new Date(to)];
    if (isNaN(start) || isNaN(end)) return `${from} – ${to}`;
    const [first, last] = [start.toISOString(), end.toISOString()];
    const day = (time) => new Date(time).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
    const whole = (time) => `${day(time)}, ${time.slice(11, 16)}`;
    return first.slice(0, 10) === last.slice(0, 10) ? `${whole(first)}–${last.slice(11, 16)} UTC` : `${whole(first)} – ${whole(last)} UTC`;
  }

  /* --- one word to search for --- */

  const field = Object.assign(document.createElement("input"), { type: "search", maxLength: 200, placeholder: "Search one word", autocomplete: "off", spellcheck: false });
  const error = Object.assign(document.createElement("p"), { id: "word-error", className: "error", role: "alert" });
  field.setAttribute("aria-label", "Only posts with this word; Enter searches");
  field.setAttribute("aria-describedby", error.id);
  field.addEventListener("keydown", (event) => event.key === "Enter" && searchFor(field.value.trim()));
  field.addEventListener("search", () => field.value || searchFor("")); // its own button empties it

  /* Made here: a field of React's own would write late what it held before. */
  function showWord(word) {
    if (!field.isConnected) element("search").append(field, error);
    field.value = word;
    error.textContent = "";
  }

  function searchFor(word) {
    const wrong = word && !address().isWord(word);
    error.textContent = wrong ? "One word at a time." : "";
    if (!wrong) address().go({ q: word || null });
  }

  document.addEventListener("keydown", (event) => {
    const busy = document.querySelector("dialog[open]") || event.target.closest("input, textarea, [role=listbox]");
    if (event.key === "Escape" && !busy && !event.defaultPrevented) address().clear();
  });

  window.pulse = Object.assign(window.pulse || {}, { marks: { chips, press, language, showStep } });
})();
