"""The store's Flask application: REST, wc-auth, storefront, control API and page."""

from typing import Any

from flask import Flask, Request, Response, request
from flask.typing import ResponseReturnValue

from twins.common.control import control_blueprint
from twins.common.delivery import DeliveryQueue
from twins.common.state import Document
from twins.woocommerce import (
    auth,
    coupons,
    customers,
    fulfilments,
    order_routes,
    products,
    refund_routes,
    reviews,
    settings,
    terms,
    variations,
    webhook_routes,
)
from twins.woocommerce.control import woocommerce_control
from twins.woocommerce.errors import WpError
from twins.woocommerce.hookshot import Hookshot
from twins.woocommerce.my_account import my_account
from twins.woocommerce.pages import pages
from twins.woocommerce.plugin_host import PluginHost
from twins.woocommerce.rest import (
    RestRequest,
    RestResponse,
    Route,
    as_http,
    dispatch,
    read_parameters,
)
from twins.woocommerce.store import Store
from twins.woocommerce.storefront import storefront
from twins.woocommerce.wc_auth import wc_auth
from twins.woocommerce.withdrawal import withdrawal
from twins.woocommerce.wp_admin import rest_routes, wp_admin

FIXED_ROUTES = [
    *order_routes.ROUTES,
    *fulfilments.ROUTES,
    *refund_routes.ROUTES,
    *reviews.ROUTES,
    *products.ROUTES,
    *variations.ROUTES,
    *terms.ROUTES,
    *coupons.ROUTES,
    *customers.ROUTES,
    *settings.ROUTES,
]


def create_app(
    store: Store,
    deliveries: DeliveryQueue,
    queue_delay: float,
    allow_http_callback: bool,
    host: PluginHost,
) -> Flask:
    """Build the application and connect the store's changes to its webhooks."""
    app = Flask(__name__)
    app.url_map.strict_slashes = False

    def read(resource: str, number: int, user: Document | None) -> Any:
        return _as_seen_by(store, f"/wc/v3/{resource}s/{number}", user)

    hookshot = Hookshot(store, deliveries, read, queue_delay)
    store.listeners += [hookshot.fired, host.fired]
    routes = [*FIXED_ROUTES, *webhook_routes.routes(hookshot), *rest_routes(host)]

    @app.route("/wp-json/", defaults={"route": ""}, methods=["GET", "POST", "PUT", "DELETE"])
    @app.route("/wp-json/<path:route>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def rest(route: str) -> ResponseReturnValue:
        return _answer(store, routes, f"/{route}".rstrip("/") or "/")

    @app.before_request
    def rest_by_query() -> Response | None:
        # With plain permalinks the route comes in the query of the front page.
        if request.path != "/" or "rest_route" not in request.args:
            return None
        return _answer(store, routes, request.args["rest_route"].rstrip("/") or "/")

    app.register_blueprint(control_blueprint("woocommerce", store.clock, store.faults, deliveries))
    app.register_blueprint(woocommerce_control(store))
    app.register_blueprint(wc_auth(store, allow_http_callback))
    app.register_blueprint(storefront(store))
    app.register_blueprint(withdrawal(store))
    app.register_blueprint(pages(store, deliveries, host))
    app.register_blueprint(wp_admin(store, host))
    app.register_blueprint(my_account(store, host))
    return app


def base_of(store: Store, incoming: Request) -> str:
    """Return the home address with the scheme that the store sees itself asked by."""
    scheme = "https" if auth.is_ssl(incoming) else "http"
    return f"{scheme}://{store.home_url.split('://', 1)[1]}"


def _answer(store: Store, routes: list[Route], route: str) -> Response:
    base = base_of(store, request)
    try:
        query, params = read_parameters(request)
        user = auth.authenticate(store, request, query)
        rest_request = RestRequest(request.method, route, params, query, user, base)
        return as_http(dispatch(store, routes, rest_request))
    except WpError as error:
        return as_http(RestResponse(error.body(), error.status))


def _as_seen_by(store: Store, route: str, user: Document | None) -> Any:
    try:
        request_inside = RestRequest("GET", route, {}, {}, user, store.home_url)
        return dispatch(store, FIXED_ROUTES, request_inside).data
    except WpError as error:
        return error.body()
