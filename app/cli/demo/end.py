"""How a play ended, read from outside, and how it should have."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.channels.outbox import OutboxEntry, OutboxMailbox
from app.cli.demo.drivers import Store
from app.cli.demo.play import Play
from app.cli.demo.scenario import Scenario
from app.config import load_settings
from app.domain.actions import ActionKind

End = dict[str, Any]

_CODE_MAIL = ActionKind.RETURN_CODE_MAIL  # of no order, until the code is entered
# Where the store's counterpart of a return stands.
_IN_STORE = {"approved": "approved", "declined": "declined", "held": "open", "cancelled": "ended"}
_CODE = re.compile(r"\bTHANKS-[A-Z0-9]{10}\b")


def read(played: Play) -> End:
    """The end per platform: totals, and what became of each order."""
    exported = {shop["platform"]: shop for shop in _export()["shops"]}
    return {
        store.platform: _Platform(played, exported[store.platform]).end(store)
        for store in played.stores
    }


def expected(scenario: Scenario) -> End:
    """The same, as the scenario says."""
    return {
        platform: {**_totals(orders := scenario.orders(platform)), **end, "orders": orders}
        for platform, end in scenario.end.items()
    }


def _totals(orders: Mapping[str, Mapping[str, Any]]) -> End:
    """What follows for the whole store from the ends of its orders."""
    return {
        "emails": dict(
            Counter(kind for order in orders.values() for kind in order.get("sent", ()))
        ),
        "skipped": _reasons(orders, "skipped"),
        "cancelled": _reasons(orders, "cancelled"),
        "reviews_in_store": sum(order.get("reviews", 0) for order in orders.values()),
        "returns_in_store": dict(
            Counter(
                _IN_STORE[order["returned"]] for order in orders.values() if "returned" in order
            )
        ),
    }


def differences(should: Any, was: Any, path: str = "") -> Iterator[str]:
    """A line per place where the two are not the same."""
    if isinstance(should, Mapping) and isinstance(was, Mapping):
        for key in sorted(should.keys() | was.keys()):
            yield from differences(should.get(key), was.get(key), f"{path}.{key}".lstrip("."))
    elif should != was:
        yield f"{path}: expected {_shown(should)}, was {_shown(was)}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _reasons(orders: Mapping[str, Mapping[str, Any]], state: str) -> dict[str, int]:
    found = (reason for order in orders.values() for reason in order.get(state, {}).values())
    return dict(Counter(found))


def _export() -> Any:
    """What `afterglow export` prints."""
    command = [sys.executable, "-m", "app.cli", "export"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603 - our program
    return json.loads(done.stdout)


class _Platform:
    """One platform's part."""

    def __init__(self, played: Play, exported: Mapping[str, Any]) -> None:
        self._played = played
        self._exported = exported
        self._actions = {action["id"]: action for action in exported["actions"]}
        mailbox = OutboxMailbox(load_settings().data_dir / "outbox")
        self._mails = [mail for mail in mailbox.list() if _action_of(mail) in self._actions]
        texts = (mailbox.get(mail.id) for mail in self._mails)
        self._codes = {code for mail in texts if mail for code in _CODE.findall(mail.text)}

    def end(self, store: Store) -> End:
        """Everything that the scenario file knows by these names."""
        return {
            "deliveries": store.counts(),
            "emails": dict(Counter(mail.kind for mail in self._mails if mail.kind != _CODE_MAIL)),
            "codes_mailed": sum(mail.kind == _CODE_MAIL for mail in self._mails),
            "coupons_in_store": store.coupons(sorted(self._codes)),
            "reviews_in_store": store.reviews(),
            "returns_in_store": store.returns(),
            "skipped": self._by_reason("skipped"),
            "cancelled": self._by_reason("cancelled"),
            "journal_rows": len(self._exported["journal"]),
            "orders": self._orders(),
        }

    def _by_reason(self, state: str) -> dict[str, int]:
        rows = (action for action in self._actions.values() if action["state"] == state)
        return dict(Counter(action["reason"] for action in rows))

    def _orders(self) -> dict[str, Any]:
        """Orders to which something happened, by their names in the scenario."""
        ends = {
            name: self._order(order_id)
            for name, order_id in self._played.orders[self._exported["platform"]].items()
        }
        return {name: found for name, found in ends.items() if found}

    def _order(self, order_id: str) -> dict[str, Any]:
        rows = [row for row in self._actions.values() if row["order_id"] == order_id]
        ids = {row["id"] for row in rows}
        mails = [mail for mail in self._mails if _action_of(mail) in ids]
        returns = [row for row in self._exported["returns"] if row["order_id"] == order_id]
        in_state: dict[str, list[Any]] = {}
        for row in rows:
            in_state.setdefault(row["state"], []).append(row)
        end = {
            "sent": {mail.kind: self._day(mail) for mail in mails},
            "skipped": {row["kind"]: row["reason"] for row in in_state.get("skipped", ())},
            "cancelled": {row["kind"]: row["reason"] for row in in_state.get("cancelled", ())},
            "returned": next((row["state"] for row in returns), None),
            "reviews": sum(row["kind"] == "review_publish" for row in in_state.get("done", ())),
        }
        return {key: value for key, value in end.items() if value}

    def _day(self, mail: OutboxEntry) -> int:
        """The day of the scenario on which it was sent."""
        return (datetime.fromisoformat(mail.date) - self._played.began).days


def _action_of(mail: OutboxEntry) -> int:
    return int(mail.headers["X-Afterglow-Action"])
