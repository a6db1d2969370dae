// A stand-in for Shopify's App Bridge. It runs in the framed app and talks to the twin's admin
// around it: ID tokens for same-origin requests, navigation menu, save bar, toasts.
(() => {
  "use strict";
  const admin = new URL(document.currentScript.src).origin;
  const parameters = new URLSearchParams(location.search);
  const remember = (name) => {
    const value = parameters.get(name) ?? sessionStorage.getItem(`app-bridge-${name}`);
    if (value) sessionStorage.setItem(`app-bridge-${name}`, value);
    return value ?? undefined;
  };
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
  const config = {
    apiKey: meta("shopify-api-key"),
    host: remember("host"),
    shop: remember("shop"),
    locale: remember("locale"),
  };
  const tell = (type, detail = {}) => parent.postMessage({ twin: type, ...detail }, admin);

  // --- ID tokens ---------------------------------------------------------------------------
  const waiting = new Map();
  let number = 0;
  const ask = (type, detail = {}) =>
    new Promise((resolve) => {
      waiting.set(++number, resolve);
      tell(type, { number, ...detail });
    });
  let token = { value: "", until: 0 };
  const idToken = async (fresh = false) => {
    if (fresh || Date.now() > token.until) {
      const value = await ask("id-token");
      const { exp } = JSON.parse(atob(value.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      token = { value, until: exp * 1000 - 5000 };
    }
    return token.value;
  };

  const plainFetch = window.fetch.bind(window);
  window.fetch = async (input, options) => {
    const request = new Request(input, options);
    if (new URL(request.url).origin !== location.origin || request.headers.has("Authorization")) {
      return plainFetch(request);
    }
    const send = async (fresh) => {
      const copy = request.clone();
      copy.headers.set("Authorization", `Bearer ${await idToken(fresh)}`);
      copy.headers.set("X-Requested-With", "XMLHttpRequest");
      return plainFetch(copy);
    };
    const answer = await send(false);
    const again = answer.headers.get("X-Shopify-Retry-Invalid-Session-Request");
    return answer.status === 401 && again ? send(true) : answer;
  };

  // --- Save bar ----------------------------------------------------------------------------
  const bars = new Map(); // id → {save, discard}
  const showBar = (id, actions) => {
    bars.set(id, actions);
    tell("save-bar", { shown: true });
  };
  const hideBar = (id) => {
    bars.delete(id);
    if (!bars.size) tell("save-bar", { shown: false });
  };
  const saveBar = {
    show: async (id) => {
      const bar = document.getElementById(id);
      const press = (which) => bar?.querySelector(which)?.click();
      showBar(id, {
        save: () => press('button[variant="primary"]'),
        discard: () => press('button:not([variant="primary"])'),
      });
    },
    hide: async (id) => hideBar(id),
    toggle: async (id) => (bars.has(id) ? saveBar.hide(id) : saveBar.show(id)),
    leaveConfirmation: async () => {
      if (bars.size && !(await ask("leave"))) return new Promise(() => {});
      bars.clear();
      tell("save-bar", { shown: false });
    },
  };
  const formOf = (event) => event.target.closest?.("form[data-save-bar]");
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = formOf(event);
      if (!form) return;
      showBar(form, { save: () => form.requestSubmit(), discard: () => form.reset() });
    });
  }
  document.addEventListener("submit", (event) => formOf(event) && hideBar(formOf(event)), true);
  document.addEventListener("reset", (event) => formOf(event) && hideBar(formOf(event)), true);

  // --- Navigation --------------------------------------------------------------------------
  const links = () => [...document.querySelectorAll("s-app-nav a, s-app-nav s-link")];
  const postMenu = () => {
    const menu = links().map((link) => ({
      href: new URL(link.getAttribute("href"), location.href).pathname,
      text: link.textContent.trim(),
      home: link.getAttribute("rel") === "home",
    }));
    tell("menu", { menu });
  };
  const postPlace = () => tell("place", { path: location.pathname, search: location.search });
  for (const name of ["pushState", "replaceState"]) {
    const plain = history[name].bind(history);
    history[name] = (...state) => {
      plain(...state);
      postPlace();
    };
  }
  const start = () => {
    const style = document.createElement("style");
    style.textContent = "s-app-nav, ui-save-bar { display: none }";
    document.head.append(style);
    postMenu();
    postPlace();
    new MutationObserver((changes) => {
      const touched = changes.some((c) => c.target.closest?.("s-app-nav") ||
        [...c.addedNodes].some((n) => n.querySelector?.("s-app-nav") || n.localName === "s-app-nav"));
      if (touched) postMenu();
    }).observe(document.documentElement, { childList: true, subtree: true });
  };
  addEventListener("popstate", postPlace);

  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== admin || source !== parent) return;
    if (data.twin === "answer") {
      waiting.get(data.number)?.(data.value);
      waiting.delete(data.number);
    } else if (data.twin === "save" || data.twin === "discard") {
      for (const [, actions] of [...bars]) actions[data.twin]();
    } else if (data.twin === "navigate") {
      const link = links().find((a) => new URL(a.getAttribute("href"), location.href).pathname === data.href);
      link ? link.click() : location.assign(data.href);
    }
  });

  window.shopify = {
    config,
    idToken: () => idToken(),
    toast: {
      show: (message, options = {}) => tell("toast", { message, error: Boolean(options.isError) }),
      hide: () => tell("toast", { message: "" }),
    },
    saveBar,
    ready: Promise.resolve(),
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", start) : start();
})();
