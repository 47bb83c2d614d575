/* One socket a tab. Keeps it open, knows how fresh the page is and says so, hands what comes to paint.js. A fixed period is asked for once instead; the socket then only carries the list of topics. */
(function () {
  "use strict";
  const STALE_AFTER = 10000;
  const FIRST_WAIT = 500;
  const LONGEST_WAIT = 5000;
  const TRY_LATER = 1013;

  let socket = null;
  let shown = null; // what the address asks for, see address.js
  let connected = ""; // what the socket was opened for
  let wait = FIRST_WAIT;
  let timer = null;
  let everOpen = false;
  let full = false; // the server has as many browsers as it serves
  let down = {}; // by feed, the reason that the hub gave
  let topics = null;
  let tick = null;
  let tickAt = 0;
  let failed = ""; // why a fixed period could not be loaded
  let paused = false;
  let unpainted = new Map(); // by kind: what came while the page was paused or hidden

  const root = document.documentElement;
  const element = (id) => document.getElementById(id);
  const feedOf = (message) => (message.topic === null || message.kind === "topics" ? "topics" : "topic");

  const isFixed = () => Boolean(shown.topic && !shown.window);

  function show(asked) {
    const { search } = pulse.address;
    if (shown && search(shown) === search(asked) && (socket || isFixed())) return;
    const sameTopic = shown && shown.topic === asked.topic;
    shown = asked;
    tick = null;
    failed = "";
    unpainted.clear();
    if (paused) togglePause();
    root.toggleAttribute("data-pending", true);
    pulse.paint.reorder();
    root.toggleAttribute("data-filtered", pulse.address.filtered(shown));
    if (!sameTopic) pulse.paint.clear();
    pulse.posts.restart(!sameTopic);
    pulse.marks.chips(shown);
    heading();
    if (isFixed()) pulse.period.ask(shown, takePeriod);
    else pulse.period.stop();
    const wanted = isFixed() ? "" : search(shown);
    if (!socket || wanted !== connected) connect(wanted);
    status();
  }

  function connect(wanted) {
    clearTimeout(timer);
    const old = socket;
    connected = wanted;
    down = {};
    const mine = (socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live${wanted}`));
    if (old) old.close();
    mine.onopen = () => {
      everOpen = true;
      status();
    };
    mine.onmessage = (event) => {
      if (socket !== mine) return;
      full = false;
      wait = FIRST_WAIT;
      take(JSON.parse(event.data));
    };
    mine.onclose = (event) => {
      if (socket !== mine) return;
      socket = null;
      full = event.code === TRY_LATER;
      timer = setTimeout(() => connect(connected), wait * (0.8 + 0.4 * Math.random()));
      wait = Math.min(2 * wait, LONGEST_WAIT);
      status();
    };
    status();
  }

  function take(message) {
    if (message.kind === "down") {
      down[feedOf(message)] = message.reason;
    } else {
      if (message.kind !== "rising") delete down[feedOf(message)];
      if (message.kind === "topics") takeTopics(message.items);
      if (message.kind === "tick") {
        tick = message;
        tickAt = Date.now();
      }
      if (paused || document.hidden) unpainted.set(message.kind, message);
      else paint(message);
    }
    status();
  }

  function paint(message) {
    if (message.kind === "figures") root.removeAttribute("data-pending");
    pulse.paint.message(message);
  }

  function takePeriod(answer) {
    failed = answer.failed ? (answer.status === 404 ? "unknown" : answer.reason) : "";
    if (!answer.failed) {
      tick = answer.tick;
      paint(answer.figures);
      pulse.posts.newest(tick.posts, answer.next);
      pulse.steps.show(tick);
    }
    status();
  }

  /* From and to of what is painted; before anything is, of what is asked for. */
  function period() {
    if (tick) return [tick.from, tick.to];
    const now = Date.now() - (Date.now() % 60000);
    return isFixed() ? [shown.from, shown.to] : [new Date(now - 900000).toISOString(), new Date(now).toISOString()];
  }

  function takeTopics(items) {
    topics = items;
    const states = Object.keys(STATES).filter((name) => items.some((item) => stateOf(item) === name));
    pulse.paint.topics(states.map((name) => ({ group: STATES[name], items: items.filter((item) => stateOf(item) === name).map((item) => item.slug) })));
    heading();
    if (shown.topic || !items.length) return;
    pulse.address.replace({ topic: liveliest(items).slug });
  }

  const STATES = { live: "Live", gathering: "Gathering", silent: "Silent", stopped: "Stopped" };
  const stateOf = (item) => (item.state in STATES ? item.state : "live");

  /* Started topics first, then the one that was heard last, then the one with the most posts. */
  function liveliest(items) {
    const rank = (item) => [item.state !== "stopped" ? 1 : 0, item.last_post ? item.last_post.slice(0, 16) : "", item.posts];
    return items.reduce((best, item) => {
      const [a, b] = [rank(item), rank(best)];
      const place = a.findIndex((value, index) => value !== b[index]);
      return place >= 0 && a[place] > b[place] ? item : best;
    });
  }

  function heading() {
    const topic = shown.topic;
    const known = (topics || []).find((item) => item.slug === topic);
    pulse.paint.text({ heading: topic || "Pulse", query: known && known.query ? known.query : "", "topic-state": known ? STATES[stateOf(known)] : "" });
    element("topic-state").dataset.state = known ? stateOf(known) : "";
    pulse.because(known && known.query && stateOf(known) === "stopped" ? topic : ""); // of a replay no collector knows
    element("topic-edit").hidden = !topic;
    document.title = topic ? `${topic} · Pulse` : "Pulse";
  }

  /* The state of the page, from the most to the least that stands in the way of "live". */
  function state() {
    if (isFixed()) return failed === "unknown" ? "unknown" : failed ? "failed" : tick ? "fixed" : "connecting";
    if (full && !tick) return "full";
    if (!socket || socket.readyState !== WebSocket.OPEN) return everOpen ? "reconnecting" : "connecting";
    const reason = down[shown.topic ? "topic" : "topics"];
    if (reason === "unknown-topic") return "unknown";
    if (reason === "too-many-views") return "crowded";
    if (reason) return "reconnecting";
    if (!shown.topic) return topics && !topics.length ? "no-topic" : "connecting";
    if (!tick) return "connecting";
    if (Date.now() - tickAt > STALE_AFTER) return "stale";
    if (tick.layers.down.length) return "in-part";
    if (!tick.summary.posts && !pulse.address.filtered(shown)) return "gathering";
    if (!tick.live) return "as-of";
    if (tick.job.state !== "running") return "halted";
    return paused ? "paused" : "live";
  }

  function newest() {
    const at = new Date(tick.posts.length ? tick.posts[0].created_at : tick.to);
    const day = at.toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" });
    return `${at.toISOString().slice(11, 16)} UTC, ${day}`;
  }

  const WORDS = {
    connecting: () => "connecting",
    reconnecting: () => "reconnecting",
    unknown: () => "no such topic",
    "no-topic": () => "no topic yet",
    crowded: () => "too many filters",
    full: () => "too many pages",
    stale: () => "stale",
    gathering: () => "gathering",
    "as-of": () => `as of ${newest()}`,
    "in-part": () => (tick.layers.down.includes("speed") ? "older minutes only: the speed layer is down" : "recent minutes only: the batch layer is down"),
    halted: () => `processing stopped, as of ${newest()}`,
    paused: () => "paused",
    live: () => "live",
    fixed: () => "fixed period",
    failed: () => "not loaded",
  };

  const EMPTY = {
    "no-topic": ["No topic yet", "Start a topic in the collector and its first posts appear here by themselves."],
    unknown: ["No such topic", "Nothing is known of this topic yet. Choose another above, or wait: the page notices when it starts."],
    crowded: ["Too many filters are followed already", "As many different filters as can be followed live are open, here or elsewhere. Take the filters away, choose a period under Custom, or wait: this page tries again by itself."],
    full: ["Too many pages are open already", "Close one that nobody looks at, or wait: this page tries again by itself."],
    gathering: ["Listening", "The topic is known, and no post has come yet. The first ones appear here by themselves."],
  };

  function status() {
    const now = state();
    const age = tick && ["live", "stale"].includes(now) ? `${Math.round((Date.now() - tickAt) / 1000)} s ago` : "";
    const [title, text] = now === "failed" ? ["This period could not be loaded", failed] : EMPTY[now] || ["", ""];
    root.dataset.state = now;
    element("retry").hidden = now !== "failed";
    pulse.paint.text({ status: WORDS[now](), "status-age": age, "empty-title": title, "empty-text": text });
  }

  function catchUp() {
    if (paused || document.hidden) return;
    for (const message of unpainted.values()) paint(message);
    unpainted.clear();
  }

  function togglePause() {
    paused = !paused;
    element("pause").setAttribute("aria-pressed", String(paused));
    pulse.paint.text({ "pause-label": paused ? "Resume" : "Pause" });
    catchUp();
    status();
  }

  document.addEventListener("visibilitychange", catchUp);
  document.addEventListener("click", (event) => event.target.id === "retry" && pulse.period.ask(shown, takePeriod));
  setInterval(() => shown && status(), 1000);
  window.pulse = Object.assign(window.pulse || {}, { live: { show, togglePause, period, topics: () => topics || [] } });
})();
