/* Puts ready messages on the page. Texts are set as text, never as HTML; elements are kept and changed in place, so nothing flickers. */
(function () {
  "use strict";
  const REORDER_AFTER = 5000;
  const orders = new Map(); // list id → {at, keys}
  let figureShown = "";
  let namesShown = "";
  let waiting = null; // posts that came while the list was being read

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
    while (list.children.length < ordered.length) blankRow(list);
    ordered.forEach((row, index) => fillRow(list.children[index], row));
    list.dataset.painted = "true";
  }

  function blankRow(list) {
    const line = make("li", "", list);
    const label = make("span", "label", line);
    make("span", "name", label);
    make("span", "tag", label);
    make("span", "track", line);
    make("span", "number", line);
    make("span", "aside", line);
  }

  function fillRow(line, row) {
    const [label, track, value, note] = line.children;
    write(label.firstChild, row.label);
    write(label.lastChild, row.tag || "");
    write(value, row.value);
    write(note, row.note);
    if (line.title !== row.title) line.title = row.title;
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

  function topics(names) {
    const same = JSON.stringify(names);
    if (same === namesShown) return;
    namesShown = same;
    window.dash_clientside.set_props("topic", { data: names });
  }

  /* The list stands still while somebody reads it: pointed at, focused, scrolled, or scrolled past. */
  function isRead(list) {
    const pointed = matchMedia("(hover: hover)").matches && list.matches(":hover");
    return pointed || list.scrollTop > 8 || list.matches(":focus-within") || list.getBoundingClientRect().top < 0;
  }

  function posts(items) {
    const list = element("posts");
    if (!list) return;
    if (list.children.length && isRead(list)) {
      waiting = items;
      const fresh = items.filter((post) => !list.querySelector(`[data-id="${CSS.escape(post.id)}"]`)).length;
      offer(fresh);
      return;
    }
    waiting = null;
    offer(0);
    const old = new Map([...list.children].map((entry) => [entry.dataset.id, entry]));
    const entries = items.map((post) => old.get(post.id) || entry(post));
    if (entries.length !== old.size || entries.some((made, index) => made !== list.children[index])) list.replaceChildren(...entries);
  }

  function offer(number) {
    const button = element("posts-waiting");
    button.hidden = !number;
    write(button, number ? `${number === 20 ? "20 or more" : number} new` : "");
    button.onclick = () => {
      const list = element("posts");
      const next = waiting;
      list.scrollTop = 0;
      list.replaceChildren();
      if (next) posts(next);
      if (list.getBoundingClientRect().top < 0) list.closest("aside").scrollIntoView();
    };
  }

  const MARKS = { positive: "▲", neutral: "■", negative: "▼", not_rated: "–" };

  function entry(post) {
    const item = make("li");
    item.dataset.id = post.id;
    const article = make("article", "", item);
    const head = make("header", "", article);
    const author = make("span", "author", head);
    author.dir = "auto";
    write(author, post.author.handle ? `@${post.author.handle}` : post.author.name || "unknown");
    if (post.kind !== "original") write(make("span", "tag", head), post.kind);
    link(head, post);
    const body = make("p", "post-text", article);
    body.dir = "auto";
    write(body, post.text);
    const foot = make("footer", "", article);
    const mood = post.sentiment.label;
    const mark = make("span", `mark ${mood}`, foot);
    mark.setAttribute("aria-hidden", "true");
    write(mark, MARKS[mood]);
    const feeling = post.emotion && !["none", "not_rated"].includes(post.emotion.label) ? ` · ${post.emotion.label}` : "";
    write(make("span", "mood", foot), mood.replace("_", " ") + feeling);
    return item;
  }

  /* The time of a post, a link when its address is one of the web: a post may carry any other. */
  function link(head, post) {
    const web = /^https?:\/\//i.test(post.permalink || "");
    const time = make(web ? "a" : "span", "time", head);
    if (web) Object.assign(time, { href: post.permalink, target: "_blank", rel: "noopener noreferrer nofollow" });
    write(time, post.created_at.slice(11, 19));
    time.title = `${post.created_at.slice(0, 19).replace("T", " ")} UTC`;
  }

  function message(next) {
    if (next.text) text(next.text);
    for (const [id, rows] of Object.entries(next.bars || {})) bars(id, rows);
    if (next.volume) figure(next.volume);
    if (next.kind === "tick") posts(next.posts);
  }

  /* Another topic: nothing of the old one may stand under its name. */
  function clear() {
    orders.clear();
    figureShown = "";
    document.querySelectorAll(".slot, .period, .coverage").forEach((slot) => write(slot, ""));
    document.querySelectorAll(".bar-list").forEach((list) => {
      list.replaceChildren();
      delete list.dataset.painted;
    });
    const list = element("posts");
    if (list) list.replaceChildren();
    window.dash_clientside.set_props("volume-data", { data: { data: [], layout: { xaxis: { visible: false }, yaxis: { visible: false } } } });
  }

  window.pulse = Object.assign(window.pulse || {}, { paint: { message, text, topics, clear } });
})();
