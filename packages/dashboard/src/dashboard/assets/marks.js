/* What a person clicks: bars, sentiments and minutes become a filter or a period; chips say which, and take them away. */
(function () {
  "use strict";
  const element = (id) => document.getElementById(id);
  const address = () => window.pulse.address;
  const MINUTE = 60000;

  document.addEventListener("click", (event) => {
    const mark = event.target.closest("button[data-facet], button[data-sentiment]");
    if (mark) choose(mark.dataset);
    else if (event.target.closest("#volume")) chooseStep(event);
  });

  /* The mark that is chosen already is let go of. */
  function choose({ sentiment, facet, term }) {
    const now = address().asked();
    if (sentiment) address().filter(now.sentiment === sentiment ? {} : { sentiment });
    else address().filter(now.facet === facet && now.term === term ? {} : { facet, term });
  }

  /* A step of the chart is a period; its coloured part a sentiment too, unless a term is asked for: one filter at a time. */
  function chooseStep(event) {
    const plot = document.querySelector("#volume .js-plotly-plot");
    const hit = plot && stepAt(plot, event);
    if (!hit) return;
    const sentiment = hit.sentiment && !address().asked().facet ? { sentiment: hit.sentiment, facet: null, term: null } : {};
    address().go({ window: null, from: iso(hit.start), to: iso(hit.end), ...sentiment });
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
    if (now.sentiment) made.push(chip(now.sentiment.replace("_", " "), "Show all sentiments", () => address().unfilter()));
    if (now.facet) made.push(chip(termSaid(now), "Show all posts", () => address().unfilter()));
    if (made.length > 1) made.push(clearAll());
    element("chips").replaceChildren(...made);
    document.querySelectorAll("button[data-sentiment]").forEach((mark) => mark.setAttribute("aria-pressed", String(mark.dataset.sentiment === now.sentiment)));
    pressTerms();
  }

  function pressTerms(list = document) {
    const now = address().asked();
    list.querySelectorAll("button[data-facet]").forEach((mark) => {
      const pressed = String(mark.dataset.facet === now.facet && mark.dataset.term === now.term);
      if (mark.getAttribute("aria-pressed") !== pressed) mark.setAttribute("aria-pressed", pressed);
    });
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

  document.addEventListener("keydown", (event) => {
    const busy = document.querySelector("dialog[open]") || event.target.closest("input, textarea, [role=listbox]");
    if (event.key === "Escape" && !busy && !event.defaultPrevented) address().clear();
  });

  window.pulse = Object.assign(window.pulse || {}, { marks: { chips, pressTerms } });
})();
