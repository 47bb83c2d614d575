/* The clientside callbacks: thin, all they know is which control changed. */
(function () {
  "use strict";
  const WINDOWS = ["5m", "15m", "1h", "24h", "7d"];

  function asked() {
    const query = new URLSearchParams(location.search);
    const window_ = query.get("window");
    return { topic: query.get("topic"), window: WINDOWS.includes(window_) ? window_ : "15m" };
  }

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
        const now = asked();
        const next = { topic: by.includes("topic") && topic ? topic : now.topic, window: by.includes("window") ? window_ : now.window };
        window.pulse.live.show(next.topic, next.window);
        const moved = next.topic !== now.topic || next.window !== now.window;
        const search = moved ? "?" + new URLSearchParams(next.topic ? next : { window: next.window }) : no_update;
        return [search, next.topic === topic ? no_update : next.topic, next.window === window_ ? no_update : next.window];
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
