"""One order in the merchant's admin: items, what apps noted on it, and the order notes."""

from typing import Any

import nh3
from flask import render_template

from twins.common.state import Document
from twins.woocommerce.order_payload import total
from twins.woocommerce.store import Store
from twins.woocommerce.withdrawal import REQUESTED

RETURN_KEY = "_afterglow_return"


def order_page(store: Store, order: Document, moves: tuple[str, ...]) -> str:
    """Return the order's page; `moves` are what the merchant may do next."""
    metas = order["meta_data"]
    notes = [note for note in store.state.all("note") if note["order_id"] == order["id"]]
    return render_template(
        "order.html",
        store=store,
        order=order,
        total=total(order),
        moves=moves,
        withdrawn=any(meta["key"] == REQUESTED and meta["value"] == "yes" for meta in metas),
        returns=[_return(order, meta["value"]) for meta in metas if _is_return(meta)],
        others=[meta for meta in metas if not _is_return(meta)],
        # WordPress shows notes as HTML that it has cleaned (`wp_kses_post`).
        notes=[note | {"html": nh3.clean(note["note"])} for note in notes[::-1]],
    )


def _is_return(meta: Document) -> bool:
    return meta["key"].startswith(RETURN_KEY) and isinstance(meta["value"], dict)


def _return(order: Document, value: Document) -> dict[str, Any]:
    """A return in words; it is an app's, so anything may be missing."""
    titles = {str(item["id"]): item["name"] for item in order["line_items"]}
    lines = [line for line in value.get("lines") or () if isinstance(line, dict)]
    return {
        **{name: str(value.get(name, "")) for name in ("reference", "state", "kind")},
        "updated": str(value.get("updated", ""))[:16].replace("T", " "),
        "lines": [
            (
                line.get("quantity"),
                titles.get(str(line.get("id")), line.get("id")),
                str(line.get("reason", "")).replace("_", " "),
            )
            for line in lines
        ],
    }
