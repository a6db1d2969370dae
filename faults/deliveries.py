"""The ledger of deliveries: what the twins sent, and what was answered."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from faults.background import Background

_EACH_SECONDS = 3.0
_LATE = 1000  # numbers: a slow delivery is logged after later ones


@dataclass(frozen=True)
class Acknowledged:
    """A delivery that was answered with success, and when."""

    store: str
    topic: str
    target: str
    key: str  # what makes it the same delivery to a careful receiver
    at: str  # the store's business time


class Deliveries(Background):
    """Reads the logs of the twins as they grow; they keep the last 10,000 lines only."""

    def __init__(self, stores: Mapping[str, str]) -> None:
        """`stores`: name → address."""
        super().__init__("deliveries")
        self._stores = dict(stores)
        self._lock = threading.Lock()  # its own thread reads, and whoever wants to know
        self._seen: dict[str, set[int]] = {name: set() for name in stores}
        self._highest = dict.fromkeys(stores, 0)
        self._keys: set[tuple[str, str]] = set()
        self.acknowledged: list[Acknowledged] = []
        self.counts: Counter[str] = Counter()

    def read(self) -> None:
        """Take in what is new. Raises requests.RequestException."""
        for store, url in self._stores.items():
            with self._lock:
                after = max(0, self._highest[store] - _LATE)
                for line in _asked(f"{url}/_twin/deliveries?after={after}"):
                    if line["id"] not in self._seen[store]:
                        self._seen[store].add(line["id"])
                        self._take(store, line)
                self._highest[store] = max(self._seen[store], default=0)

    def missed(self, store: str) -> int:
        """How many lines of a store's log this ledger never saw, by the store's own count.

        Raises requests.RequestException.
        """
        summary = _asked(f"{self._stores[store]}/_twin/deliveries/summary")
        self.read()
        return int(sum(summary["total"].values()) + summary["dropped"]) - len(self._seen[store])

    def _work(self) -> None:
        while not self._stop.wait(_EACH_SECONDS):
            try:
                self.read()
            except requests.RequestException:
                self.counts["unread"] += 1

    def _take(self, store: str, line: dict[str, Any]) -> None:
        self.counts["sent"] += line["outcome"] != "dropped"
        self.counts[line["outcome"]] += 1
        if line["outcome"] == "failed":
            why = line["status"] or str(line["error"]).partition(":")[0]
            self.counts[f"failed: {why}"] += 1
        key = (store, line["repeat_key"])
        self.counts["redelivered"] += key in self._keys and line["outcome"] != "dropped"
        self._keys.add(key)
        if line["outcome"] in ("accepted", "duplicate") and not line["forged"]:
            self.acknowledged.append(
                Acknowledged(
                    store,
                    line["topic"],
                    line["target"],
                    line["repeat_key"],
                    line["time"],
                )
            )


def _asked(url: str) -> Any:
    answer = requests.get(url, timeout=15)
    answer.raise_for_status()
    return answer.json()
