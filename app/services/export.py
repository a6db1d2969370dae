"""A whole shop to take along: everything but keys and scaffolding, opened, as JSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from app.db.dump import EXPORTED, rows, shop_row
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime


def whole_shops(rt: Runtime, shop_ids: Sequence[ShopId]) -> Iterator[str]:
    """One JSON document in pieces: `{"shops": [{"id": …, "orders": […], …}, …]}`.

    A row per line and never more than some hundred in memory, whatever the size of the shop; all of
    it from one moment. Raises LookupError for an unknown shop.
    """
    yield '{"shops": ['
    for number, shop_id in enumerate(shop_ids):
        yield ",\n" if number else "\n"
        yield from _whole_shop(rt, shop_id)
    yield "\n]}\n"


def _whole_shop(rt: Runtime, shop_id: ShopId) -> Iterator[str]:
    with rt.db.read() as uow:
        yield _json(shop_row(uow, shop_id))[:-1]
        for name, table in EXPORTED.items():
            yield f',\n"{name}": ['
            for number, row in enumerate(rows(uow, table, shop_id)):
                yield f"{',' if number else ''}\n{_json(row)}"
            yield "]"
        yield "}"


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    """Times as ISO 8601. Raises TypeError for anything else: nothing is guessed."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not exported")
