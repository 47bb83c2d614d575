/* Fixed periods: the dialog that asks for one, and the one question to the server that answers it. */
(function () {
  "use strict";
  const AGAIN_AFTER = 5000;
  const element = (id) => document.getElementById(id);
  let question = null; // an AbortController: a newer question makes the older one void
  let timer = null;

  /* Asks until there is an answer; what cannot be answered at all is asked once. `told` gets {tick, figures, next} or {failed, reason}. */
  async function ask(asked, told) {
    stop();
    const mine = (question = new AbortController());
    const answer = await get("/view", asked, mine.signal);
    if (mine.signal.aborted) return;
    told(answer);
    if (answer.failed && answer.status >= 500) timer = setTimeout(() => ask(asked, told), AGAIN_AFTER);
  }

  function stop() {
    clearTimeout(timer);
    if (question) question.abort();
    question = null;
  }

  /* An answer of our own server, or {failed: true, status, reason}; it never throws. */
  async function get(path, parameters, signal) {
    const query = window.pulse.address.search({ ...parameters, window: null });
    try {
      const answer = await fetch(path + query, { signal });
      const body = await answer.json();
      return answer.ok ? body : { failed: true, status: answer.status, reason: body.detail };
    } catch {
      return { failed: true, status: 503, reason: "The page's own server cannot be reached." };
    }
  }

  /* --- the dialog --- */

  const field = (time) => new Date(time).toISOString().slice(0, 16);

  function open() {
    const dialog = element("period-dialog");
    if (dialog.open) return;
    const [from, to] = window.pulse.live.period();
    element("period-from").value = field(from);
    element("period-to").value = field(to);
    element("period-error").textContent = "";
    dialog.showModal();
  }

  function wrong(from, to) {
    if (!from || !to) return "Give both, as a day and a time.";
    return from >= to ? "From has to lie before to." : "";
  }

  function choose(event) {
    event.preventDefault();
    const [from, to] = [element("period-from").value, element("period-to").value];
    const error = wrong(from, to);
    element("period-error").textContent = error;
    if (error) return;
    element("period-dialog").close();
    window.pulse.address.go({ window: null, from: `${from.slice(0, 16)}:00Z`, to: `${to.slice(0, 16)}:00Z` });
  }

  document.addEventListener("DOMContentLoaded", () => {
    const dialog = element("period-dialog");
    dialog.querySelector("form").addEventListener("submit", choose);
    dialog.addEventListener("close", () => {
      const { window: shown } = window.pulse.address.asked();
      window.dash_clientside.set_props("window", { value: shown || "custom" });
    });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    const choice = event.target.closest("#window input");
    if (choice && choice.value === "custom") open();
  });

  window.pulse = Object.assign(window.pulse || {}, { period: { ask, get, stop, open } });
})();
