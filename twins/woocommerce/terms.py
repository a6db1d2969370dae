"""Product categories and tags: REST `products/categories` and `products/tags`."""

from functools import partial
from typing import Any

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.errors import WpError
from twins.woocommerce.params import Param
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import Store, links

UNCATEGORIZED: Document = {"id": 15, "name": "Uncategorized", "slug": "uncategorized"}
_BASES = {"product_cat": "products/categories", "product_tag": "products/tags"}


def create(store: Store, taxonomy: str, name: str, slug: str = "") -> Document:
    """Create a term; raises WpError if its name is taken."""
    if any(term["name"] == name for term in _of(store, taxonomy)):
        message = "A term with the name provided already exists with this parent."
        raise WpError("term_exists", message, 400)
    term: Document = {
        "id": store.state.next_id("term", start=UNCATEGORIZED["id"] + 1),
        "taxonomy": taxonomy,
        "name": name,
        "slug": slug or php.slug(name),
    }
    store.state.put("term", term["id"], term)
    return term


def named(store: Store, taxonomy: str, name: str) -> Document:
    """Return the term with a name, made if need be."""
    known = next((term for term in _of(store, taxonomy) if term["name"] == name), None)
    return known or create(store, taxonomy, name)


def chosen(store: Store, taxonomy: str, given: list[Any]) -> list[int]:
    """Return the ids of given terms; unknown ones are dropped, as WordPress does."""
    known = {term["id"] for term in _of(store, taxonomy)}
    wanted = [int(term["id"]) for term in given if isinstance(term, dict) and term.get("id")]
    return [number for number in wanted if number in known]


def brief(store: Store, taxonomy: str, ids: list[int]) -> list[Document]:
    """Return terms as a product shows them, by name."""
    found = [term for term in _of(store, taxonomy) if term["id"] in ids]
    if taxonomy == "product_cat" and not found:
        return [UNCATEGORIZED]
    found.sort(key=lambda term: term["name"])
    return [{name: term[name] for name in ("id", "name", "slug")} for term in found]


def _of(store: Store, taxonomy: str) -> list[Document]:
    own = [term for term in store.state.all("term") if term["taxonomy"] == taxonomy]
    return [UNCATEGORIZED | {"taxonomy": taxonomy}, *own] if taxonomy == "product_cat" else own


def _render(store: Store, base: str, term: Document) -> Document:
    taxonomy, number = term["taxonomy"], term["id"]
    key = "categories" if taxonomy == "product_cat" else "tags"
    products = [product for product in store.state.all("product") if number in product.get(key, [])]
    tree: Document = (
        {"parent": 0, "description": "", "display": "default", "image": None, "menu_order": 0}
        if taxonomy == "product_cat"
        else {"description": ""}
    )
    return {
        "id": number,
        "name": term["name"],
        "slug": term["slug"],
        **tree,
        "count": len(products),
        "_links": links(base, f"{_BASES[taxonomy]}/{number}", _BASES[taxonomy]),
    }


def _list(taxonomy: str, store: Store, request: RestRequest) -> RestResponse:
    needle = request.params.get("search", "").lower()
    found = [term for term in _of(store, taxonomy) if needle in term["name"].lower()]
    found.sort(key=lambda term: term["name"])
    return paged(request, found, partial(_render, store, request.base))


def _get(taxonomy: str, store: Store, request: RestRequest) -> RestResponse:
    term = next((t for t in _of(store, taxonomy) if t["id"] == request.id), None)
    if term is None:
        raise WpError("woocommerce_rest_term_invalid", "Resource does not exist.", 404)
    return RestResponse(_render(store, request.base, term))


def _create(taxonomy: str, store: Store, request: RestRequest) -> RestResponse:
    params = request.params
    term = create(store, taxonomy, params["name"], params.get("slug", ""))
    location = f"{request.base}/wp-json/wc/v3/{_BASES[taxonomy]}/{term['id']}"
    return RestResponse(_render(store, request.base, term), 201, [("Location", location)])


_PAGING = {
    "page": Param("integer", default=1, minimum=1),
    "per_page": Param("integer", default=10, minimum=1, maximum=100),
    "search": Param("string"),
}
_WRITABLE = {"name": Param("string", required=True), "slug": Param("string")}
ROUTES = [
    route
    for taxonomy, base in _BASES.items()
    for route in (
        Route("GET", rf"/wc/v3/{base}", partial(_list, taxonomy), _PAGING),
        Route("POST", rf"/wc/v3/{base}", partial(_create, taxonomy), _WRITABLE),
        Route("GET", rf"/wc/v3/{base}/(?P<id>\d+)", partial(_get, taxonomy)),
    )
]
