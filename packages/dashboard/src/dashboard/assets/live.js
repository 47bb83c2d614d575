/* One socket a tab. Keeps it open, knows how fresh the page is and says so, hands what comes to paint.js. */
(function () {
  "use strict";
  const STALE_AFTER = 10000;
  const FIRST_WAIT = 500;
  const LONGEST_WAIT = 5000;

  let socket = null;
  let shown = null; // {topic, window}: what the address asks for
  let wait = FIRST_WAIT;
  let timer = null;
  let everOpen = false;
  let down = {}; // by feed, the reason that the hub gave
  let topics = null;
  let tick = null;
  let tickAt = 0;
  let paused = false;
  let unpainted = new Map(); // by kind: what came while the page was paused or hidden

  const element = (id) => document.getElementById(id);
  const feedOf = (message) => (message.topic === null || message.kind === "topics" ? "topics" : "topic");

  function show(topic, window_) {
    if (shown && shown.topic === topic && shown.window === window_ && socket) return;
    const sameTopic = shown && shown.topic === topic;
    shown = { topic, window: window_ };
    tick = null;
    down = {};
    unpainted.clear();
    if (!sameTopic) pulse.paint.clear();
    heading();
    connect();
  }

  function connect() {
    clearTimeout(timer);
    const old = socket;
    const query = new URLSearchParams({ window: shown.window });
    if (shown.topic) query.set("topic", shown.topic);
    const mine = (socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live?${query}`));
    if (old) old.close();
    mine.onopen = () => {
      everOpen = true;
      wait = FIRST_WAIT;
      status();
    };
    mine.onmessage = (event) => {
      if (socket === mine) take(JSON.parse(event.data));
    };
    mine.onclose = () => {
      if (socket !== mine) return;
      socket = null;
      timer = setTimeout(connect, wait * (0.8 + 0.4 * Math.random()));
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
      else pulse.paint.message(message);
    }
    status();
  }

  function takeTopics(items) {
    topics = items;
    pulse.paint.topics(items.map((item) => item.slug));
    heading();
    if (shown.topic || !items.length) return;
    // Written over the bare address, not after it: Back must leave the page, not come back here.
    const query = new URLSearchParams({ topic: liveliest(items).slug, window: shown.window });
    history.replaceState(history.state, "", `?${query}`);
    window.dash_clientside.set_props("url", { search: `?${query}` });
  }

  /* Started topics first, then the one that was heard last, then the one with the most posts. */
  function liveliest(items) {
    const rank = (item) => [item.state === "started" ? 1 : 0, item.last_post ? item.last_post.slice(0, 16) : "", item.posts];
    return items.reduce((best, item) => {
      const [a, b] = [rank(item), rank(best)];
      const place = a.findIndex((value, index) => value !== b[index]);
      return place >= 0 && a[place] > b[place] ? item : best;
    });
  }

  function heading() {
    const topic = shown.topic;
    const known = (topics || []).find((item) => item.slug === topic);
    pulse.paint.text({ heading: topic || "Pulse", query: known && known.query ? known.query : "" });
    document.title = topic ? `${topic} · Pulse` : "Pulse";
  }

  /* The state of the page, from the most to the least that stands in the way of "live". */
  function state() {
    if (!socket || socket.readyState !== WebSocket.OPEN) return everOpen ? "reconnecting" : "connecting";
    const reason = down[shown.topic ? "topic" : "topics"];
    if (reason === "unknown-topic") return "unknown";
    if (reason) return "reconnecting";
    if (!shown.topic) return topics && !topics.length ? "no-topic" : "connecting";
    if (!tick) return "connecting";
    if (Date.now() - tickAt > STALE_AFTER) return "stale";
    if (!tick.summary.posts) return "gathering";
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
    stale: () => "stale",
    gathering: () => "gathering",
    "as-of": () => `as of ${newest()}`,
    halted: () => `processing stopped, as of ${newest()}`,
    paused: () => "paused",
    live: () => "live",
  };

  const EMPTY = {
    "no-topic": ["No topic yet", "Start a topic in the collector and its first posts appear here by themselves."],
    unknown: ["No such topic", "Nothing is known of this topic yet. Choose another above, or wait: the page notices when it starts."],
    gathering: ["Listening", "The topic is known, and no post has come yet. The first ones appear here by themselves."],
  };

  function status() {
    const now = state();
    const age = tick && ["live", "stale"].includes(now) ? `${Math.round((Date.now() - tickAt) / 1000)} s ago` : "";
    const [title, text] = EMPTY[now] || ["", ""];
    document.documentElement.dataset.state = now;
    pulse.paint.text({ status: WORDS[now](), "status-age": age, "empty-title": title, "empty-text": text });
  }

  function catchUp() {
    if (paused || document.hidden) return;
    for (const message of unpainted.values()) pulse.paint.message(message);
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
  setInterval(() => shown && status(), 1000);
  window.pulse = Object.assign(window.pulse || {}, { live: { show, togglePause } });
})();
