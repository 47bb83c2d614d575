/* Puts ready messages on the page. Texts are set as text, never as HTML; elements are kept and changed in place, so nothing flickers. */
(function () {
  "use strict";
  const REORDER_AFTER = 5000;
  const orders = new Map(); // list id → {at, keys}
  let figureShown = "";
  let namesShown = "";

  const element = (id) => document.getElementById(id);

  function make(tag, className, parent) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (parent) parent.append(made);
    return made;
  }

  function write(target, value) {
    if (target && target.textContent !== value) target.textContent = value;
  }

  function text(values) {
    for (const [id, value] of Object.entries(values)) write(element(id), value);
  }

  /* Lines swap places at most every five seconds: a list that reorders on each tick cannot be read. */
  function steady(id, rows) {
    const order = orders.get(id);
    if (!order || Date.now() - order.at > REORDER_AFTER) {
      orders.set(id, { at: Date.now(), keys: rows.map((row) => row.key) });
      return rows;
    }
    const place = (row) => (order.keys.includes(row.key) ? order.keys.indexOf(row.key) : order.keys.length);
    return [...rows].sort((a, b) => place(a) - place(b));
  }

  function bars(id, rows) {
    const list = element(id);
    if (!list) return;
    const ordered = steady(id, rows);
    while (list.children.length > ordered.length) list.lastElementChild.remove();
    while (list.children.length < ordered.length) blankRow(list, "asks" in ordered[0]);
    ordered.forEach((row, index) => fillRow(list.children[index].firstChild, row));
    list.dataset.painted = "true";
    window.pulse.marks.press(list);
  }

  /* A line that a person may choose is a button. */
  function blankRow(list, chosen) {
    const line = make(chosen ? "button" : "div", "row", make("li", "", list));
    if (chosen) line.type = "button";
    const label = make("span", "label", line);
    make("span", "name", label);
    make("span", "tag", label);
    make("span", "track", line);
    make("span", "number", line);
    make("span", "aside", line);
  }

  function fillRow(line, row) {
    const [label, track, value, note] = line.children;
    write(label.firstChild, row.asks && row.asks.lang ? window.pulse.marks.language(row.asks.lang) : row.label);
    write(label.lastChild, row.tag || "");
    write(value, row.value);
    write(note, row.note);
    if (line.title !== row.title) line.title = row.title;
    Object.assign(line.dataset, row.asks || {});
    const names = Object.keys(row.parts);
    const pieces = names.length + (row.interval ? 1 : 0);
    while (track.children.length > pieces) track.lastElementChild.remove();
    while (track.children.length < pieces) make("i", "", track);
    names.forEach((name, index) => place(track.children[index], `part ${name}`, { width: row.parts[name] }));
    if (row.interval) place(track.lastElementChild, "whisker", { left: row.interval[0], width: row.interval[1] });
  }

  function place(piece, className, lengths) {
    if (piece.className !== className) piece.className = className;
    piece.style.left = "left" in lengths ? `${lengths.left}%` : "";
    piece.style.width = `${lengths.width}%`;
  }

  function figure(next) {
    const same = JSON.stringify(next);
    if (same === figureShown) return;
    figureShown = same;
    window.dash_clientside.set_props("volume-data", { data: next });
  }

  /* The choices, those of a state under its name. */
  function topics(groups) {
    const same = JSON.stringify(groups);
    if (same === namesShown) return;
    namesShown = same;
    window.dash_clientside.set_props("topic", { data: groups });
  }

  function message(next) {
    if (next.text) text(next.text);
    for (const [id, rows] of Object.entries(next.bars || {})) bars(id, rows);
    if (next.volume) figure(next.volume);
    if (next.kind === "tick") {
      window.pulse.posts.newest(next.posts);
      window.pulse.steps.show(next);
    }
  }

  /* Another question: lines come in the order of its answer at once. */
  const reorder = () => orders.clear();

  /* Another topic: nothing of the old one may stand under its name. */
  function clear() {
    orders.clear();
    figureShown = "";
    document.querySelectorAll(".slot, .period, .coverage").forEach((slot) => write(slot, ""));
    document.querySelectorAll(".bar-list").forEach((list) => {
      list.replaceChildren();
      delete list.dataset.painted;
    });
    window.dash_clientside.set_props("volume-data", { data: { data: [], layout: { xaxis: { visible: false }, yaxis: { visible: false } } } });
  }

  window.pulse = Object.assign(window.pulse || {}, { paint: { message, text, topics, clear, reorder } });
})();
