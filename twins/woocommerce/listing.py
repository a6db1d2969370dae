"""Filters and order of REST lists."""

from typing import Any

from twins.common.state import Document
from twins.woocommerce.rest import RestRequest
from twins.woocommerce.store import Store

_DATE_FILTERS = (
    ("after", "date_created_gmt", True),
    ("before", "date_created_gmt", False),
    ("modified_after", "date_modified_gmt", True),
    ("modified_before", "date_modified_gmt", False),
)


def selected(
    store: Store, request: RestRequest, documents: list[Document], search_in: tuple[str, ...] = ()
) -> list[Document]:
    """Apply include, exclude, the date filters, search, orderby and order."""
    params = request.params
    include, exclude = set(params["include"]), set(params["exclude"])
    needle = str(params.get("search") or "").lower()
    found = [
        document
        for document in documents
        if (not include or document["id"] in include)
        and document["id"] not in exclude
        and _in_period(store, params, document)
        and any(needle in str(document.get(name, "")).lower() for name in (*search_in, "id"))
    ]
    return sorted(found, key=_sort_key(params["orderby"]), reverse=params["order"] == "desc")


def _in_period(store: Store, params: dict[str, Any], document: Document) -> bool:
    are_gmt = bool(params.get("dates_are_gmt"))
    for name, column, later in _DATE_FILTERS:
        if params.get(name):
            limit = _limit(store, params[name], are_gmt)
            if (document[column] <= limit) if later else (document[column] >= limit):
                return False
    return True


def _limit(store: Store, text: str, are_gmt: bool) -> str:
    """Return the UTC time that WordPress compares with.

    Measured trap: it first turns any time into store-local time, and `dates_are_gmt` only chooses
    the column. So with `dates_are_gmt`, a time without offset is UTC, but one with an offset (`Z`
    too) is off by the store's own offset.
    """
    gmt = store.gmt(text)
    return store.local(gmt) or "" if are_gmt else gmt


def _sort_key(orderby: str) -> Any:
    columns = {
        "date": "date_created_gmt",
        "date_gmt": "date_created_gmt",
        "modified": "date_modified_gmt",
        "title": "name",
        "name": "name",
        "registered_date": "date_created_gmt",
        "slug": "slug",
    }
    column = columns.get(orderby, "id")
    return lambda document: (document[column], document["id"])
