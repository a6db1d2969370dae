"""Serves the kit's pages as the real application does: same templates, strict policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, render_template, request
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader
from werkzeug.serving import make_server

from app.domain.colour import shop_colours
from app.embedded_ui.style import style_page
from app.i18n import Translator, install, negotiate

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)

# What App Bridge does for us: every fetch to our own address carries a token.
STAND_IN_BRIDGE = """
const original = window.fetch;
window.fetch = (url, options = {}) => {
  const headers = new Headers(options.headers);
  headers.set("Authorization", "Bearer stand-in");
  return original(url, { ...options, headers });
};
"""

CUSTOMER_PAGE = """
{% extends "customer_layout.html" %}{% import "kit/macros.html" as kit %}
{% block title %}Review{% endblock %}
{% block content %}
<div><h1>How are your things, Žofia?</h1><p class="quiet">Order #4187, delivered on 17 November.</p></div>
{{ kit.banner("good", "Saved.", "You can change it with the same link.") }}
<form class="stack" method="post" action="#">
  <ul class="items"><li><span class="thumb"></span><div class="stack tight"><h2>Peştemal Ege</h2>
    {{ kit.stars("s1", "Your rating", 4) }}
    <div class="field"><label for="w1">What should others know?</label><textarea class="textarea" id="w1"></textarea></div></div></li>
  <li><span class="thumb"></span><div class="stack tight"><h2>Bakır cezve {{ kit.rating(3) }}</h2>{{ kit.stars("s2", "Your rating", error_text="Choose a number of stars, or leave this item out.") }}</div></li></ul>
  <fieldset class="field"><legend>Shown as</legend><div class="choices lined"><div class="choice"><input type="radio" name="as" id="as1" checked><label for="as1">Žofia N.</label></div><div class="choice"><input type="radio" name="as" id="as2"><label for="as2">A customer</label></div></div></fieldset>
  <div class="actions">{{ kit.button("Publish my review", "primary") }}{{ kit.button("Leave it", "plain") }}</div>
</form>
<section class="stack" aria-labelledby="where"><h2 id="where">Where it stands</h2><ol class="steps">{{ kit.step("done", "Written") }}{{ kit.step("now", "Being checked", "Within a day.") }}{{ kit.step("ahead", "Published") }}</ol></section>
{% endblock %}
{% block footer %}<p><a href="#main">Choose what we write to you about</a></p>{% endblock %}
"""  # noqa: E501 -- a page


def create_app() -> Flask:
    """Style page (both homes), the Shopify shell, a customer page and the shop's colours."""
    app = Flask("app", static_folder="embedded_ui/static")
    app.jinja_loader = ChoiceLoader(
        [
            DictLoader({"customer.html": CUSTOMER_PAGE}),
            FileSystemLoader(["app/embedded_ui/templates", "app/customer_pages/templates"]),
        ]
    )
    install(app.jinja_env, lambda: Translator(negotiate(request.args.get("lang"))))

    @app.context_processor
    def common() -> dict[str, object]:
        return {
            "language": negotiate(request.args.get("lang")),
            "host": "shopify" if request.path.startswith("/shopify") else "woocommerce",
            "nav": [
                {"href": "/style", "label": "Home", "current": True},
                {"href": "/shopify/other", "label": "Activity", "count": 3},
            ],
            "shop_name": "Çınar & Breza",
            "store_admin_url": "https://shop.example/wp-admin/",
            "shopify_api_key": "client-id",
            "app_bridge_url": "/bridge.js",
        }

    @app.get("/style")
    def style() -> str:
        return style_page(failed_save=True)

    @app.get("/shopify/<name>")
    def embedded(name: str) -> str:
        if "Authorization" not in request.headers:
            return render_template("shell.html", page_url=f"/shopify/{name}")
        return style_page()

    @app.get("/shopify-broken")
    def broken() -> str:
        return render_template("shell.html", page_url="http://127.0.0.1:1/")

    @app.get("/customer")
    def customer() -> str:
        colour = request.args.get("colour", "8a2f3c")
        return render_template(
            "customer.html",
            shop={"name": "Çınar & Breza", "url": "/customer", "contact": "Dolná 14"},
            colour_url=f"/colour.css?v={colour}",
            languages=[{"href": "?lang=tr", "code": "tr", "label": "Türkçe"}],
        )

    @app.get("/colour.css")
    def colour() -> Response:
        body = render_template("colour.css", colours=shop_colours(request.args["v"]))
        return Response(body, mimetype="text/css")

    @app.get("/bridge.js")
    def bridge() -> Response:
        return Response(STAND_IN_BRIDGE, mimetype="text/javascript")

    @app.after_request
    def policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve on a free port of loopback; gives the address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
