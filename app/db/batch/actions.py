"""Actions of a batch: planned, moved and withdrawn in memory, written in the end.

Nothing is locked meanwhile: a row that was claimed or changed by somebody else in between is found
by its revision, and the batch is looked at again (`Conflict`).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, update

from app.db.actions import Actions
from app.db.actions.rows import action_from
from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk, Shelf
from app.db.models import actions
from app.db.session import insert_into
from app.domain.actions import Action
from app.domain.decisions import Decline, Schedule
from app.domain.ids import ActionId, CustomerId, PlatformId

_UNIQUE = ["shop_id", "dedupe_key"]
_FIXED = {"id", "shop_id", "kind", "automation", "dedupe_key", "created_at", "revision"}
_CHANGING = [column.name for column in actions.c if column.name not in _FIXED]
_MINE = actions.c.shop_id == SHOP
_OF_ORDERS = select(actions).where(_MINE, actions.c.order_id.in_(KEYS))
_OF_CUSTOMERS = select(actions).where(_MINE, actions.c.customer_id.in_(KEYS))
_WITH_KEYS = select(actions).where(_MINE, actions.c.dedupe_key.in_(KEYS))
_UPDATE = (
    update(actions)
    .where(_MINE, actions.c.id == bindparam("row"), actions.c.revision == bindparam("seen"))
    .values(
        revision=bindparam("next"),
        **{name: bindparam(f"{name}_", type_=actions.c[name].type) for name in _CHANGING},
    )
)
_Rows = dict[ActionId, "_Row"]


@cache
def _insert(dialect: str) -> Any:
    return insert_into(actions, dialect).on_conflict_do_nothing(index_elements=_UNIQUE)


class _Row(SimpleNamespace):
    """A row of the table, to be changed in place. `stored`: the revision that the database has."""

    id: ActionId
    stored: int
    action: Action | None


class BatchActions(Actions):
    """Actions of one shop."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self.of_orders_: Shelf[PlatformId, _Rows] = desk.shelf(self._load_of_orders, dict)
        self.of_customers: Shelf[CustomerId, _Rows] = desk.shelf_of_customers(
            self._load_of_customers, dict
        )
        self._rows: Shelf[ActionId, _Row | None] = desk.shelf(_none, lambda: None)
        self._keys: Shelf[str, _Row | None] = desk.shelf(self._load_by_keys, lambda: None)
        self._new: list[_Row] = []
        self._changed: _Rows = {}
        desk.on_write(self._write)

    def get(self, action_id: ActionId) -> Action | None:
        """One action."""
        row = self._rows.known(action_id)
        return _seen(row) if row else super().get(action_id)

    def of_order(self, order_id: PlatformId) -> list[Action]:
        """All rows of one order, oldest first."""
        return _sorted(self.of_orders_[order_id])

    def of_customer(self, customer_id: CustomerId) -> list[Action]:
        """All rows of one customer, oldest first."""
        return _sorted(self.of_customers[customer_id])

    def plan(
        self, schedule: Schedule, *, customer_id: CustomerId | None, **about: Any
    ) -> tuple[ActionId, str]:
        """Create or move the row; as the base does, on what is known."""
        self._know(schedule.dedupe_key, schedule.order_id, customer_id)
        return super().plan(schedule, customer_id=customer_id, **about)

    def decline(
        self, decline: Decline, *, customer_id: CustomerId | None, **about: Any
    ) -> ActionId | None:
        """Write the skip as a row, or end the waiting row with it."""
        self._know(decline.dedupe_key, decline.order_id, customer_id)
        return super().decline(decline, customer_id=customer_id, **about)

    def _know(self, key: str, order_id: PlatformId | None, customer_id: CustomerId | None) -> None:
        """A key tells of the order or the customer, all of whose rows are known: one that is not
        among them is new. (Should it not be, writing it finds that out.)
        """
        if order_id:
            self.of_orders_.fetch([order_id])
        if customer_id:
            self.of_customers.fetch([customer_id])
        if (order_id or customer_id) and not self._keys.holds(key):
            self._keys.start(key)

    def _locked(self, dedupe_key: str) -> Any:
        return self._keys[dedupe_key]

    def _change(
        self,
        action_id: int,
        values: dict[str, Any],
        conditions: Sequence[ColumnElement[bool]],
        *,
        bump: bool = True,
    ) -> bool:
        row = self._rows.known(ActionId(action_id))
        if row is None or conditions:
            return super()._change(action_id, values, conditions, bump=bump)
        for name, value in values.items():
            setattr(row, name, value)
        row.revision += bump
        row.action = None
        self._file(row)
        if row.stored:
            self._changed[row.id] = row
        return True

    def _add(self, **values: Any) -> ActionId | None:
        row = _Row(**dict.fromkeys(actions.c.keys()) | values)
        row.id, row.shop_id = ActionId(self._desk.new_id(actions)), self._shop_id
        row.revision, row.attempt, row.cancel_requested = 1, 0, False
        row.stored, row.action = 0, None
        self._file(row)
        self._new.append(row)
        return row.id

    def _file(self, row: _Row) -> None:
        """Where it is looked for. (Whoever had it before the last change still has it: an order or
        customer is exchanged only by merging, after which all is read again.)
        """
        self._rows[row.id] = row
        self._keys[row.dedupe_key] = row
        if row.order_id:
            self.of_orders_[row.order_id][row.id] = row
        if row.customer_id:
            self.of_customers[row.customer_id][row.id] = row

    # reading together

    def _load_of_orders(self, ids: list[PlatformId]) -> Mapping[PlatformId, _Rows]:
        found: dict[PlatformId, _Rows] = {}
        for row in self._load(_OF_ORDERS, ids):
            found.setdefault(row.order_id, {})[row.id] = row
        return found

    def _load_of_customers(self, ids: list[CustomerId]) -> Mapping[CustomerId, _Rows]:
        found: dict[CustomerId, _Rows] = {}
        for row in self._load(_OF_CUSTOMERS, ids):
            found.setdefault(row.customer_id, {})[row.id] = row
        return found

    def _load_by_keys(self, keys: list[str]) -> Mapping[str, _Row | None]:
        return {row.dedupe_key: row for row in self._load(_WITH_KEYS, keys)}

    def _load(self, query: Select[Any], keys: list[Any]) -> Iterable[_Row]:
        """Each row stands once in memory, however it was found."""
        for found in self._desk.rows(query, keys):
            row = self._rows.known(found.id)
            if row is None:
                row = _Row(
                    **dict(zip(actions.c.keys(), found, strict=True)),
                    stored=found.revision,
                    action=None,
                )
                self._rows[row.id] = row
                self._keys[row.dedupe_key] = row
            yield row

    # writing together

    def _write(self) -> None:
        new, self._new = self._new, []
        changed, self._changed = self._changed, {}
        columns = actions.c.keys()
        rows = [{name: getattr(row, name) for name in columns} for row in new]
        self._desk.write_all(_insert, rows, each=True)
        moved = [
            {"shop": self._shop_id, "row": row.id, "seen": row.stored, "next": row.revision}
            | {f"{name}_": getattr(row, name) for name in _CHANGING}
            for _, row in sorted(changed.items())
        ]
        self._desk.write_all(_UPDATE, moved, each=True)
        for row in (*new, *changed.values()):
            row.stored = row.revision


def _none(_ids: list[ActionId]) -> Mapping[ActionId, _Row | None]:
    return {}


def _seen(row: _Row) -> Action:
    if row.action is None:
        row.action = action_from(row)
    return row.action


def _sorted(rows: _Rows) -> list[Action]:
    return [_seen(row) for _, row in sorted(rows.items())]
