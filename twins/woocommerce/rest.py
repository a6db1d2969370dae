"""Routes WordPress REST requests: parameters, checks, permissions, answers, paging."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from flask import Request, Response

from twins.woocommerce import php
from twins.woocommerce.errors import WpError
from twins.woocommerce.params import Schema, checked
from twins.woocommerce.store import Store

MANAGERS = ("administrator", "shop_manager")
_REFUSALS = {
    "list": ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "GET": ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
    "POST": (
        "woocommerce_rest_cannot_create",
        "Sorry, you are not allowed to create resources.",
    ),
    "PUT": ("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "DELETE": (
        "woocommerce_rest_cannot_delete",
        "Sorry, you are not allowed to delete this resource.",
    ),
}


@dataclass
class RestRequest:
    """A request as a handler sees it: checked parameters and who asks."""

    method: str
    route: str
    params: dict[str, Any]
    query: dict[str, Any]
    user: dict[str, Any] | None
    base: str  # scheme and host for links

    @property
    def id(self) -> int:
        """The object's number in the path."""
        return int(self.params["id"])


@dataclass
class RestResponse:
    """What a handler answers."""

    data: Any
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    after: Callable[[], None] | None = None  # runs once the store's lock is free


Handler = Callable[[Store, RestRequest], RestResponse]


@dataclass(frozen=True)
class Route:
    """One endpoint: method, pattern of the whole route, handler and parameters."""

    method: str
    pattern: str
    handler: Handler
    schema: Schema = field(default_factory=dict)
    public: bool = False


def read_parameters(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (query, query and body merged); the body wins, as in WordPress."""
    query = php.parse_parameters(request.args.items(multi=True))
    if request.mimetype != "application/json":
        return query, query | php.parse_parameters(request.form.items(multi=True))
    body = request.get_data()
    if not body:
        return query, query
    try:
        parsed = json.loads(body)
    except ValueError:
        raise WpError(
            "rest_invalid_json",
            "Invalid JSON body passed.",
            400,
            {"json_error_code": 4, "json_error_message": "Syntax error"},
        ) from None
    return query, query | (parsed if isinstance(parsed, dict) else {})


def dispatch(store: Store, routes: list[Route], request: RestRequest) -> RestResponse:
    """Find the route, check parameters, then permission, then act; raises WpError."""
    method = "PUT" if request.method == "PATCH" else request.method
    for route in routes:
        match = re.fullmatch(route.pattern, request.route)
        if match is None or (
            route.method != method and not (method == "POST" and route.method == "PUT")
        ):
            continue
        request.params = checked(request.params, route.schema) | match.groupdict()
        if not route.public:
            _check_permission(route, request)
        with store.locked():
            response = route.handler(store, request)
        if response.after is not None:
            response.after()
        if "_fields" in request.params:
            response.data = _with_fields(response.data, request.params["_fields"])
        return response
    raise WpError("rest_no_route", "No route was found matching the URL and request method.", 404)


def _check_permission(route: Route, request: RestRequest) -> None:
    if request.user is not None and request.user["role"] in MANAGERS:
        return
    is_list = route.method == "GET" and "(?P<id>" not in route.pattern
    code, message = _REFUSALS["list" if is_list else route.method]
    raise WpError(code, message, 401 if request.user is None else 403)


def _with_fields(data: Any, fields: Any) -> Any:
    names = [name.strip() for name in fields] if isinstance(fields, list) else fields.split(",")
    if isinstance(data, list):
        return [_picked(item, names) for item in data]
    # WordPress adds the links of a single object after it has picked the fields.
    return _picked(data, [*names, "_links"])


def _picked(data: dict[str, Any], names: list[str]) -> dict[str, Any]:
    picked: dict[str, Any] = {}
    for name in names:
        _pick(data, picked, name.strip().split("."))
    return {key: picked[key] for key in data if key in picked}


def _pick(source: dict[str, Any], target: dict[str, Any], path: list[str]) -> None:
    head, *rest = path
    if head not in source:
        return
    if rest and isinstance(source[head], dict):
        _pick(source[head], target.setdefault(head, {}), rest)
    else:
        target[head] = source[head]


def paged(request: RestRequest, items: list[Any], render: Callable[[Any], Any]) -> RestResponse:
    """Answer one page of a list with its totals and links."""
    per_page, page = request.params["per_page"], request.params["page"]
    pages = -(-len(items) // per_page)
    start = request.params.get("offset") or (page - 1) * per_page
    headers = [("X-WP-Total", str(len(items))), ("X-WP-TotalPages", str(pages))]
    neighbours = []
    if page > 1:
        neighbours.append(f'<{_page_url(request, min(page - 1, pages))}>; rel="prev"')
    if pages > page:
        neighbours.append(f'<{_page_url(request, page + 1)}>; rel="next"')
    if neighbours:
        headers.append(("Link", ", ".join(neighbours)))
    return RestResponse([render(item) for item in items[start : start + per_page]], 200, headers)


def _page_url(request: RestRequest, page: int) -> str:
    query = {k: v for k, v in request.query.items() if k != "rest_route"} | {"page": page}
    parts = []
    for name, value in query.items():
        if isinstance(value, list):
            parts += [f"{quote(name)}%5B{n}%5D={quote(str(v))}" for n, v in enumerate(value)]
        else:
            parts.append(f"{quote(name)}={quote(str(value))}")
    return f"{request.base}/wp-json{request.route}?{'&'.join(parts)}"


def as_http(response: RestResponse) -> Response:
    """Turn a handler's answer into HTTP with the headers WordPress sends."""
    http = Response(php.json_encode(response.data), status=response.status)
    http.headers["Content-Type"] = "application/json; charset=UTF-8"
    http.headers["X-Robots-Tag"] = "noindex"
    http.headers["X-Content-Type-Options"] = "nosniff"
    http.headers["Access-Control-Expose-Headers"] = "X-WP-Total, X-WP-TotalPages, Link"
    http.headers["Cache-Control"] = "no-cache, must-revalidate, max-age=0, no-store, private"
    http.headers.extend(response.headers)
    return http
