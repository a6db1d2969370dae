"""wp-admin as far as the plugin needs it: list of plugins, its page, its forms, its REST routes."""

from flask import (
    Blueprint,
    Response,
    abort,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.woocommerce.errors import WpError
from twins.woocommerce.plugin_host import FOLDER, NAMESPACE, PluginHost
from twins.woocommerce.rest import RestRequest, RestResponse, Route
from twins.woocommerce.store import Store

PAGE = "afterglow"


def wp_admin(store: Store, host: PluginHost) -> Blueprint:
    """Return the pages; whoever comes is user 1, as everywhere on this store's admin."""
    blueprint = Blueprint("wp_admin", __name__, template_folder="templates")

    @blueprint.get("/wp-admin/plugins.php")
    def plugins() -> ResponseReturnValue:
        return render_template("wp_plugins.html", store=store, host=host)

    @blueprint.post("/wp-admin/plugins.php")
    def change_plugin() -> ResponseReturnValue:
        move = request.form.get("move")
        if move == "delete":
            host.uninstall()
        elif move in ("activate", "deactivate"):
            host.switch(on=move == "activate")
        return redirect("/wp-admin/plugins.php", 303)

    @blueprint.post("/wp-admin/admin-post.php")
    def post() -> ResponseReturnValue:
        if not host.active:
            abort(404)
        done = host.run("admin_post", _user(store), post=request.form.to_dict())
        return Response(done["body"], done["status"], done["headers"], mimetype="text/html")

    @blueprint.get("/wp-content/plugins/afterglow/assets/<name>")
    def asset(name: str) -> ResponseReturnValue:
        if not name.endswith((".css", ".js")):
            abort(404)
        return send_from_directory(FOLDER / "assets", name)

    return blueprint


def plugin_page(store: Store, host: PluginHost) -> ResponseReturnValue:
    """Return the plugin's page inside the admin's frame."""
    user = _user(store) or {}
    shown = host.run("page", user, page=PAGE, get=request.args.to_dict())
    language = user.get("locale", "en_US").replace("_", "-")
    return render_template("wp_page.html", store=store, shown=shown, lang=language), shown["status"]


def rest_routes(host: PluginHost) -> list[Route]:
    """Return what the plugin serves; its own callbacks decide who may."""

    def call(_store: Store, asked: RestRequest) -> RestResponse:
        if not host.active:
            message = "No route was found matching the URL and request method."
            raise WpError("rest_no_route", message, 404)
        body = {name: value for name, value in asked.params.items() if name not in asked.query}
        query = {name: value for name, value in asked.query.items() if isinstance(value, str)}
        done = host.run(
            "rest", asked.user, method=asked.method, route=asked.route, json=body, get=query
        )
        return RestResponse(done["answer"], done["status"])

    pattern = rf"/{NAMESPACE}/\w+"
    return [Route(method, pattern, call, public=True) for method in ("GET", "POST", "DELETE")]


def _user(store: Store) -> Document | None:
    return store.state.get("user", 1)
