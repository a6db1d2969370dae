"""Which faults come when: all of it follows from the seed, before anything starts."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

# How often, in relation to each other.
KILLS = {
    "web": 22, "worker-1": 20, "worker-2": 20, "clock": 14, "valkey": 12, "postgres": 12,
    "both workers": 8,
}  # fmt: skip
WEATHER = {
    "redis stands still": 8,
    "redis is away": 8,
    "redis is flushed": 8,
    "redis is full": 8,
    "database is locked": 9,
    "database is full": 8,
    "database is read-only": 6,
    "store is slow": 6,
    "store answers 5xx": 8,
    "store answers 429": 6,
    "store is throttled": 6,
    "store cuts after acting": 12,
    "deliveries get lost": 8,
    "deliveries come late and reversed": 8,
    "deliveries come twice": 10,
    "mail server refuses": 5,
    "mail server cuts after taking": 7,
    "clock jumps": 8,
    "deploy": 4,
}
_LASTS = {  # seconds
    "redis stands still": (2, 10),
    "redis is away": (3, 15),
    "redis is full": (3, 10),
    "database is locked": (1, 9),
    "database is full": (2, 8),
    "database is read-only": (2, 7),
    "store is slow": (3, 10),
    "store answers 5xx": (2, 10),
    "store answers 429": (2, 8),
    "store is throttled": (1, 5),
    "store cuts after acting": (4, 12),
    "deliveries get lost": (3, 12),
    "deliveries come late and reversed": (3, 9),
    "mail server refuses": (2, 10),
    "mail server cuts after taking": (3, 10),
    "clock jumps": (6, 14),
}
FUSED = (
    "review_request_mail", "coupon_create", "coupon_mail", "coupon_void", "review_publish",
    "return_open", "return_decide", "return_update", "return_approved_mail",
    "return_receipt_mail", "return_received_mail", "return_refunded_mail",
    "withdrawal_receipt_mail",
)  # fmt: skip
# Before and after each commit and each request, from the claim on: the longest effects (a review
# with the first sum of a product's stars, a return) take so many to their end.
STEPS = 20

_LONG = 900.0  # seconds
_OUTAGE = 150.0


@dataclass(frozen=True)
class Event:
    """One fault: when (seconds from the start), what, and what it needs."""

    at: float
    kind: str
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pace:
    """How dense the faults are, in seconds between two of a kind on average."""

    kill: float = 6.0
    weather: float = 8.0
    nap: float = 20.0  # until leases of the dead run out, which is five minutes of the wall's time
    restore: float = 0  # seconds between restores of a backup; 0: none


def make(seed: int, seconds: float, database: str, pace: Pace) -> list[Event]:
    """All faults of a run, in order."""
    events = [
        *_kills(Random(f"{seed}:kills"), seconds, database, pace),
        *_weather(Random(f"{seed}:weather"), seconds, pace),
        *_outages(Random(f"{seed}:outages"), seconds),
        *_naps(Random(f"{seed}:naps"), seconds, pace),
        *_restores(Random(f"{seed}:restores"), seconds, pace),
    ]
    return sorted(events, key=lambda event: event.at)


def as_json(events: list[Event]) -> str:
    """One line each."""
    return "\n".join(json.dumps(asdict(event)) for event in events) + "\n"


def _times(random: Random, seconds: float, mean: float) -> Iterator[float]:
    at = random.uniform(0, mean)
    while at < seconds:
        yield at
        at += random.uniform(0.3, 1.7) * mean


def _kills(random: Random, seconds: float, database: str, pace: Pace) -> Iterator[Event]:
    known = {name: n for name, n in KILLS.items() if name != "postgres" or database != "sqlite"}
    for at in _times(random, seconds, pace.kill):
        (name,) = random.choices(list(known), list(known.values()))
        yield Event(at, "kill", {"what": name})


def _weather(random: Random, seconds: float, pace: Pace) -> Iterator[Event]:
    for at in _times(random, seconds, pace.weather):
        (kind,) = random.choices(list(WEATHER), list(WEATHER.values()))
        low, high = _LASTS.get(kind, (0, 0))
        lasts = random.uniform(low, high) * (4 if seconds > _LONG and random.random() < 0.1 else 1)
        given: dict[str, Any] = {"lasts": round(lasts, 2), "percent": random.choice([30, 60, 100])}
        given["store"] = random.choice(["shopify", "woocommerce"])
        given["jump"] = random.choice([-7200, -900, -300, 400, 900, 7200])
        yield Event(at, kind, given)


def _outages(random: Random, seconds: float) -> Iterator[Event]:
    """In a long run Redis is gone for minutes, too: longer than what it remembers lasts."""
    if seconds > _LONG:
        for at in _times(random, seconds - _OUTAGE, 2 * _LONG):
            yield Event(at, "redis is away", {"lasts": _OUTAGE})


def _naps(random: Random, seconds: float, pace: Pace) -> Iterator[Event]:
    for at in _times(random, seconds, pace.nap):
        yield Event(at, "nap", {})


def _restores(random: Random, seconds: float, pace: Pace) -> Iterator[Event]:
    if pace.restore:
        for at in _times(random, seconds - 60, pace.restore):
            yield Event(at, "restore", {"after": round(random.uniform(8, 20), 2)})


class Fuses:
    """Where a process that starts is to die, if it gets there."""

    def __init__(self, seed: int) -> None:
        self._random = {name: Random(f"{seed}:fuse:{name}") for name in ("worker", "web", "clock")}
        self._all = self._of_effects(Random(f"{seed}:steps"))

    def for_start(self, name: str) -> str:
        """A fuse for this start of a process; "" for none."""
        family = "worker" if name.startswith("worker") else name
        random = self._random.get(family)
        if random is None or random.random() < 0.4:
            return ""
        if family == "worker" and random.random() < 0.4:
            return next(self._all)
        if family == "worker":
            return f"effect:{random.randint(1, STEPS)}"
        return f"any:{random.randint(1, 60)}"

    @staticmethod
    def _of_effects(random: Random) -> Iterator[str]:
        """Each step of each effect in turn, in an order of the seed."""
        while True:
            all_of_them = [f"{kind}:{step}" for kind in FUSED for step in range(1, STEPS + 1)]
            random.shuffle(all_of_them)
            yield from all_of_them
