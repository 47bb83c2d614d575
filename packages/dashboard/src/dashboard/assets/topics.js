/* Topics: made, changed, started, stopped and deleted in a dialog. What is typed is checked while it is typed, and stays whatever goes wrong. */
(function () {
  "use strict";
  const CHECK_AFTER = 250;
  const AGAIN_AFTER = 5000;
  const element = (id) => document.getElementById(id);
  let edited = null; // the slug of the topic that is changed; null: a new one
  let running = true; // whether that topic is listened to
  let timer = null;
  let explained = null; // the stopped topic of which is said why
  let checks = 0; // a newer check makes the older ones void

  /* An answer of our own server as {ok, body}; what went wrong is in body.detail. */
  async function send(method, path, body) {
    try {
      const given = body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {};
      const answer = await fetch(`/topics${path}`, { method, ...given });
      return { ok: answer.ok, body: answer.status === 204 ? {} : await answer.json() };
    } catch {
      return { ok: false, body: { detail: "The page's own server cannot be reached. What you typed stays here; try again." } };
    }
  }

  const at = (slug) => `/${encodeURIComponent(slug)}`;

  function open(item) {
    edited = item ? item.slug : null;
    running = Boolean(item) && item.state !== "stopped";
    element("topic-dialog-title").textContent = item ? item.slug : "New topic";
    element("topic-name-field").hidden = element("topic-slug").hidden = Boolean(item);
    element("topic-other").hidden = !item;
    element("topic-run").textContent = running ? "Stop" : "Start";
    element("topic-save").textContent = item ? "Change" : "Start listening";
    if (item) element("topic-query").value = item.query || "";
    else if (element("topic-dialog").dataset.of) element("topic-query").value = "";
    element("topic-dialog").dataset.of = edited || "";
    said({ slug: "", query: null });
    error("");
    element("topic-dialog").showModal();
    check();
  }

  /* --- while it is typed --- */

  function typed() {
    said({ slug: element("topic-slug").textContent.slice(1), query: null });
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_AFTER);
  }

  async function check() {
    const mine = ++checks;
    const draft = { name: edited ? "" : element("topic-name").value, query: element("topic-query").value };
    if (!draft.name.trim() && !draft.query.trim()) return said({ slug: "", query: null });
    const answer = await send("POST", "/check", draft);
    if (mine !== checks) return;
    error(answer.ok ? "" : answer.body.detail);
    if (answer.ok) said(answer.body);
  }

  /* What the check found: the slug, and the query in words or its error under the character. */
  function said({ slug, taken, query }) {
    const wrong = query && !query.valid;
    element("topic-slug").textContent = slug ? `#${slug}${taken ? " is a topic already: choose another name" : ""}` : "";
    element("topic-slug").classList.toggle("error", Boolean(taken));
    element("topic-said").textContent = !query ? "" : wrong ? query.message : query.explanation;
    element("topic-said").classList.toggle("error", Boolean(wrong));
    element("topic-query").setAttribute("aria-invalid", String(Boolean(wrong)));
    mirror(wrong ? query.position : null);
  }

  /* The mirror lies under the field with the same text; positions are code points. */
  function mirror(position) {
    const text = [...element("topic-query").value];
    const behind = element("topic-mirror");
    if (position === null) {
      behind.textContent = `${text.join("")} `;
      return;
    }
    const mark = document.createElement("mark");
    mark.textContent = text[position] && text[position] !== "\n" ? text[position] : " ";
    behind.replaceChildren(text.slice(0, position).join(""), mark, `${text.slice(position + 1).join("")} `);
  }

  const error = (text) => (element("topic-error").textContent = text);

  /* --- what is done --- */

  async function doing(work) {
    clearTimeout(timer);
    checks++; // what is still being checked may not wipe out what is said now
    const buttons = element("topic-dialog").querySelectorAll(".actions button");
    buttons.forEach((button) => (button.disabled = true));
    const { ok, body } = await work();
    buttons.forEach((button) => (button.disabled = false));
    if (ok) return body;
    error(body.detail);
    if (Number.isInteger(body.position)) said({ slug: element("topic-slug").textContent.slice(1), query: { valid: false, position: body.position, message: body.detail } });
    return null;
  }

  async function save(event) {
    event.preventDefault();
    const [name, query] = [element("topic-name").value, element("topic-query").value];
    if (!edited && !name.trim()) return wanting("topic-name", "Give it a name.");
    if (!query.trim()) return wanting("topic-query", "Say what to listen to.");
    const made = await doing(() => (edited ? send("PATCH", at(edited), { query }) : send("POST", "", { name, query, start: true })));
    if (!made) return;
    element("topic-dialog").close();
    if (edited) return;
    element("topic-name").value = element("topic-query").value = "";
    window.pulse.address.go({ topic: made.slug, from: null, to: null, window: window.pulse.address.asked().window || "15m", ...window.pulse.address.UNFILTERED });
  }

  function wanting(id, text) {
    error(text);
    element(id).focus();
  }

  async function run() {
    if (running && !(await sure(`Stop listening to ${edited}?`, "Posts of the time in which it is stopped are not heard. What was heard stays.", "Stop"))) return;
    if (await doing(() => send("POST", `${at(edited)}/${running ? "stop" : "start"}`))) element("topic-dialog").close();
  }

  async function remove() {
    if (!(await sure(`Delete ${edited}?`, "It is listened to no longer, and leaves the list of topics.", "Delete"))) return;
    if (!(await doing(() => send("DELETE", at(edited))))) return;
    element("topic-dialog").close();
    if (window.pulse.address.asked().topic === edited) window.pulse.address.go({ topic: null, from: null, to: null, window: "15m", ...window.pulse.address.UNFILTERED });
  }

  /* Asks once more. */
  function sure(title, text, yes) {
    const dialog = element("sure-dialog");
    element("sure-title").textContent = title;
    element("sure-text").textContent = text;
    element("sure-yes").textContent = yes;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
  }

  /* --- why the shown topic is stopped --- */

  /* The collector knows. It is asked once each time that a topic is found stopped, and again when it could not say. */
  async function because(slug) {
    if (slug === explained) return;
    explained = slug;
    window.pulse.paint.text({ "topic-because": "" });
    if (!slug) return;
    const { ok, body } = await send("GET", at(slug));
    if (slug !== explained) return;
    if (!ok) setTimeout(() => slug === explained && (explained = null), AGAIN_AFTER);
    else if (body.stopped_because) window.pulse.paint.text({ "topic-because": `Stopped: ${body.stopped_because}` });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const dialog = element("topic-dialog");
    dialog.querySelector("form").addEventListener("submit", save);
    dialog.addEventListener("input", typed);
    element("topic-run").addEventListener("click", run);
    element("topic-delete").addEventListener("click", remove);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#topic-new")) open(null);
    if (event.target.closest("#topic-edit")) edit();
  });

  async function edit() {
    const slug = window.pulse.address.asked().topic;
    const shown = window.pulse.live.topics().find((item) => item.slug === slug) || { slug, state: "stopped" };
    open(shown);
    const { ok, body } = await send("GET", at(slug));
    if (edited !== slug) return;
    if (!ok) return error(body.detail);
    running = body.state === "started";
    element("topic-run").textContent = running ? "Stop" : "Start";
    if (element("topic-query").value === (shown.query || "")) element("topic-query").value = body.query;
    check();
  }

  window.pulse = Object.assign(window.pulse || {}, { because });
})();
