// The admin's side of the stand-in App Bridge, and the few buttons of the twin's own pages.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-post]")) {
    button.addEventListener("click", async () => {
      const answer = await fetch(button.dataset.post, {
        method: button.dataset.method ?? "POST",
        headers: { "Content-Type": "application/json" },
        body: button.dataset.body,
      });
      if (!answer.ok) alert(await answer.text());
      location.reload();
    });
  }

  const frame = document.querySelector("iframe[data-app]");
  if (!frame) return;
  const { app, home, token } = frame.dataset;
  const appOrigin = new URL(app).origin;
  const base = new URL(app).pathname.replace(/\/$/, "");
  const send = (message) => frame.contentWindow.postMessage(message, appOrigin);
  const menu = document.querySelector("[data-app-menu]");
  const bar = document.querySelector("[data-save-bar]");
  const toast = document.querySelector("[data-toast]");

  bar.querySelector("[data-save]").addEventListener("click", () => send({ twin: "save" }));
  bar.querySelector("[data-discard]").addEventListener("click", () => send({ twin: "discard" }));

  const placeOf = (path) => (path.startsWith(base) ? path.slice(base.length) : path);
  const markPlace = () => {
    for (const link of menu.querySelectorAll("a")) {
      link.toggleAttribute("aria-current", link.dataset.href === menu.dataset.path);
    }
  };

  const handlers = {
    "id-token": async ({ number }) => {
      const { id_token } = await (await fetch(token)).json();
      send({ twin: "answer", number, value: id_token });
    },
    leave: ({ number }) => {
      const value = confirm("Leave the page without saving?");
      send({ twin: "answer", number, value });
    },
    menu: ({ menu: links }) => {
      menu.replaceChildren(
        ...links.filter((link) => !link.home).map((link) => {
          const anchor = document.createElement("a");
          anchor.href = home + placeOf(link.href);
          anchor.textContent = link.text;
          anchor.dataset.href = link.href;
          anchor.addEventListener("click", (event) => {
            event.preventDefault();
            send({ twin: "navigate", href: link.href });
          });
          return anchor;
        }),
      );
      markPlace();
    },
    place: ({ path, search }) => {
      const kept = new URLSearchParams(search);
      for (const own of ["embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"]) {
        kept.delete(own);
      }
      const query = kept.size ? `?${kept}` : "";
      history.replaceState(null, "", home + placeOf(path).replace(/\/$/, "") + query);
      menu.dataset.path = path;
      markPlace();
    },
    "save-bar": ({ shown }) => {
      bar.hidden = !shown;
    },
    toast: ({ message, error }) => {
      toast.textContent = message;
      toast.hidden = !message;
      toast.classList.toggle("error", error);
      clearTimeout(handlers.timer);
      handlers.timer = setTimeout(() => (toast.hidden = true), 5000);
    },
  };
  addEventListener("message", ({ origin, source, data }) => {
    if (origin === appOrigin && source === frame.contentWindow) handlers[data.twin]?.(data);
  });
  frame.src = frame.dataset.src; // not before: what it says first would be heard by nobody
})();
