"""Every row of a shop, opened: for the whole-shop export."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from app.db.crypto import Keyring
from app.db.models import (
    actions,
    consents,
    coupons,
    customers,
    erasures,
    events,
    identities,
    inbox,
    installations,
    journal,
    messages,
    orders,
    privacy_requests,
    problems,
    products,
    return_lines,
    returns,
    reviews,
    settings_versions,
    shops,
    suppressions,
    templates,
)
from app.db.session import UnitOfWork
from app.domain.ids import ShopId

_CHUNK = 500

# What a shop can take along, as the export names it. A test knows why the other tables stay.
EXPORTED: dict[str, Table] = {
    "installations": installations,
    "settings": settings_versions,
    "texts": templates,
    "products": products,
    "customers": customers,
    "identities": identities,
    "consents": consents,
    "suppressions": suppressions,
    "erasures": erasures,
    "orders": orders,
    "events": events,
    "actions": actions,
    "messages": messages,
    "journal": journal,
    "coupons": coupons,
    "reviews": reviews,
    "returns": returns,
    "return_lines": return_lines,
    "problems": problems,
    "privacy_requests": privacy_requests,
    "deliveries": inbox,
}

_SECRET = {"hash_key"}


def shop_row(uow: UnitOfWork, shop_id: ShopId) -> dict[str, Any]:
    """The shop itself. Raises LookupError if there is none."""
    for row in _rows(uow, shops, shops.c.id == shop_id):
        return row
    raise LookupError(f"no shop {shop_id}")


def rows(uow: UnitOfWork, table: Table, shop_id: ShopId) -> Iterator[dict[str, Any]]:
    """All rows of a table, oldest first, a chunk in memory at a time."""
    return _rows(uow, table, table.c.shop_id == shop_id)


def _rows(uow: UnitOfWork, table: Table, mine: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        query = select(table).where(mine, table.c.id > after).order_by(table.c.id).limit(_CHUNK)
        found = uow.connection.execute(query).mappings().all()
        for row in found:
            yield {
                name: _opened(uow.keyring, name, value)
                for name, value in row.items()
                if name not in _SECRET and name != "shop_id"
            }
        if len(found) < _CHUNK:
            return
        after = found[-1]["id"]


def _opened(keyring: Keyring, name: str, value: Any) -> Any:
    if not isinstance(value, bytes | memoryview):
        return value
    openers: dict[str, Callable[[bytes], Any]] = {
        "sealed_body": lambda sealed: keyring.open_body(sealed).decode(errors="replace"),
        "owner_email": lambda sealed: keyring.open(sealed).decode(),
        "reply_to": lambda sealed: keyring.open(sealed).decode(),
    }
    return openers.get(name, keyring.open_json)(bytes(value))
