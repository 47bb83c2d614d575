/* The chart by keys: a button on each step, one of them a stop of Tab. Left and right go from step to step, up and down through its parts, Enter shows it. */
(function () {
  "use strict";
  const PARTS = [null, "negative", "neutral", "positive", "not_rated"]; // the whole step, then upwards through the stack
  const element = (id) => document.getElementById(id);
  const buttons = () => [...element("steps").children];
  let steps = []; // {start, end, item}
  let at = null; // the start of the step that Tab leads to
  let part = 0;

  /* The steps of a tick; who stands on one stays on it while the window moves. */
  function show(tick) {
    const bar = element("steps");
    const held = bar.contains(document.activeElement);
    const starts = tick.series.map((item) => Date.parse(item.start));
    const length = starts.length > 1 ? starts[1] - starts[0] : Date.parse(tick.to) - starts[0];
    steps = tick.series.map((item, index) => ({ start: starts[index], end: starts[index] + length, item }));
    while (bar.children.length > steps.length) bar.lastElementChild.remove();
    while (bar.children.length < steps.length) bar.append(Object.assign(document.createElement("button"), { type: "button" }));
    if (!starts.includes(at)) at = starts.length ? starts[starts.length - 1] : null;
    name();
    if (held && steps.length) focus(starts.indexOf(at));
  }

  function name() {
    buttons().forEach((button, index) => {
      const text = said(steps[index]);
      button.tabIndex = steps[index].start === at ? 0 : -1;
      if (button.getAttribute("aria-label") !== text) button.setAttribute("aria-label", text);
      if (button === document.activeElement) element("step-said").textContent = `${text}. Enter shows it.`;
    });
  }

  function said({ start, item }) {
    const [first, mine, last] = [steps[0].start, start, steps[steps.length - 1].start].map((time) => new Date(time).toISOString());
    const time = `${first.slice(0, 10) === last.slice(0, 10) ? "" : `${mine.slice(0, 10)} `}${mine.slice(11, 16)} UTC`;
    if (item.coverage === "none") return `${time}: unknown`;
    const label = start === at ? PARTS[part] : null;
    const posts = label ? item.sentiment && item.sentiment[label] : item.posts;
    const kind = label ? `${label.replace("_", " ")} posts` : "posts";
    return `${time}: ${typeof posts === "number" ? `${posts.toLocaleString("en")} ${kind}` : `${kind} not counted`}`;
  }

  function focus(index) {
    const next = steps[Math.max(0, Math.min(steps.length - 1, index))];
    at = next.start;
    buttons()[steps.indexOf(next)].focus({ preventScroll: true });
    name();
  }

  const isStep = (target) => target instanceof Element && target.closest("#steps button");

  document.addEventListener("keydown", (event) => {
    if (!isStep(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    const here = steps.findIndex((step) => step.start === at);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowUp: here, ArrowDown: here, Home: 0, End: steps.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    part = (part + ({ ArrowUp: 1, ArrowDown: PARTS.length - 1 }[event.key] || 0)) % PARTS.length;
    focus(to);
  });
  document.addEventListener("click", (event) => {
    const button = isStep(event.target);
    if (!button) return;
    const { start, end } = steps[buttons().indexOf(button)];
    window.pulse.marks.showStep(start, end, PARTS[part]);
  });
  document.addEventListener("focusin", (event) => isStep(event.target) && name());
  document.addEventListener("focusout", (event) => {
    if (!isStep(event.target) || isStep(event.relatedTarget)) return;
    part = 0;
    element("step-said").textContent = "";
  });

  window.pulse = Object.assign(window.pulse || {}, { steps: { show } });
})();
