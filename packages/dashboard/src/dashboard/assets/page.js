/* The clientside callbacks: thin, all they know is which control changed. */
(function () {
  "use strict";
  /* Mantine writes the scheme that is shown, chosen or the system's, on the root element. */
  const root = document.documentElement;
  const scheme = () => root.getAttribute("data-mantine-color-scheme");
  new MutationObserver(() => window.dash_clientside.set_props("shown-scheme", { data: scheme() })).observe(root, {
    attributeFilter: ["data-mantine-color-scheme"],
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    page: {
      /* A control that a person moved writes the address; an address that changed moves the controls. Both show what is asked for. */
      address(_search, topic, window_) {
        const { no_update, callback_context } = window.dash_clientside;
        const by = callback_context.triggered.map((change) => change.prop_id.split(".")[0]);
        const { asked, search, WINDOWS } = window.pulse.address;
        const now = asked();
        const next = { ...now };
        if (by.includes("topic") && topic && topic !== now.topic) Object.assign(next, { topic, facet: null, term: null });
        if (by.includes("window") && WINDOWS.includes(window_)) Object.assign(next, { window: window_, from: null, to: null });
        window.pulse.live.show(next);
        const moved = search(next) !== search(now);
        const shown = next.window || "custom";
        return [moved ? search(next) : no_update, next.topic === topic ? no_update : next.topic, shown === window_ ? no_update : shown];
      },

      /* The figure has no colours; its theme's template does. */
      figure(figure, _shownScheme, templates) {
        if (!figure || !templates) return window.dash_clientside.no_update;
        return { data: figure.data, layout: { ...figure.layout, template: templates[scheme()] } };
      },

      pause() {
        window.pulse.live.togglePause();
      },
    },
  });
})();
