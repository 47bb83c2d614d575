/* The clientside callbacks: thin, all they know is what a control says. */
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
      /* A control that a person moved writes the address; an address that changed moves the controls. */
      controls(topic, window_) {
        window.pulse.address.chosen(topic, window_);
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
