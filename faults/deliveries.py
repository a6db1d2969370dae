"""The ledger of deliveries: what the twins sent, and what was answered."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import requests

_EACH_SECONDS = 3.0
_LATE = 300  # numbers: a slow delivery is logged after later ones


@dataclass(frozen=True)
class Acknowledged:
    """A delivery that was answered with success, and when."""

    store: str
    topic: str
    target: str
    key: str  # what makes it the same delivery to a careful receiver
    at: str  # the store's business time


class Deliveries:
    """Reads the logs of the twins as they grow; they keep the last 10,000 lines only."""

    def __init__(self, stores: Mapping[str, str]) -> None:
        """`stores`: name → address."""
        self._stores = dict(stores)
        self._seen: dict[str, set[int]] = {name: set() for name in stores}
        self._highest = dict.fromkeys(stores, 0)
        self._keys: set[tuple[str, str]] = set()
        self.acknowledged: list[Acknowledged] = []
        self.counts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="deliveries", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    def read(self) -> None:
        """Take in what is new. Raises requests.RequestException."""
        for store, url in self._stores.items():
            after = max(0, self._highest[store] - _LATE)
            answer = requests.get(f"{url}/_twin/deliveries?after={after}", timeout=15)
            answer.raise_for_status()
            for line in answer.json():
                if line["id"] not in self._seen[store]:
                    self._seen[store].add(line["id"])
                    self._take(store, line)
            self._highest[store] = max(self._seen[store], default=0)

    def _follow(self) -> None:
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
