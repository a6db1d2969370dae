"""Receiving deliveries, ours beside two peers, interleaved; docs/performance.md explains.

CPU per delivery comes first: it is the process trees' own time, so that other work on the machine
moves it little. Everything else here depends on who else is at work.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from time import monotonic

from bench import limits, load
from bench.deliveries import shopify, woocommerce
from bench.node import node
from bench.processes import SECRET, Server, home, ours, peer
from bench.rows import Row, Target, at_least, at_most

# Many short rounds: what else the machine does then falls on all alike. On a machine so busy that
# they take too long, fewer.
ROUNDS, FEWEST_ROUNDS, MOST_SECONDS = 5, 3, 170.0
SECONDS = 1.5  # of one round at saturation
RATE, PACED_SECONDS = 400, 3.0

SQLITE, POSTGRESQL = "ours, SQLite", "ours, PostgreSQL"
OURS = (SQLITE, POSTGRESQL)
OFFICIAL, HANDWRITTEN = "peer, official library", "peer, handwritten check"

# Deliveries per CPU second, in multiples of the peer's.
_WANTED = {
    (SQLITE, OFFICIAL): 4.0,
    (POSTGRESQL, OFFICIAL): 3.0,
    (SQLITE, HANDWRITTEN): 2.5,
    (POSTGRESQL, HANDWRITTEN): 1.8,
}

Send = Callable[[Server, int], load.Result]


@dataclass(frozen=True, slots=True)
class Way:
    """One way of sending."""

    name: str
    send: Send
    only: tuple[str, ...] = (*OURS, OFFICIAL, HANDWRITTEN)


@dataclass(slots=True)
class Figures:
    """What one server did in one way, a value per round."""

    cpu: list[float] = field(default_factory=list)  # microseconds a delivery
    rate: list[float] = field(default_factory=list)  # a second
    p50: list[float] = field(default_factory=list)  # milliseconds
    p99: list[float] = field(default_factory=list)
    refused: int = 0  # answered 503, or not sent because it was too late

    def add(self, result: load.Result, cpu_seconds: float) -> None:
        """One more round."""
        self.cpu.append(cpu_seconds / result.acknowledged * 1e6)
        self.rate.append(result.acknowledged / result.seconds)
        self.p50.append(result.percentile(50))
        self.p99.append(result.percentile(99))
        self.refused += result.answered - result.acknowledged + result.unsent


Measured = dict[tuple[str, str], Figures]  # by way and server


def _keep_alive(server: Server, first: int) -> load.Result:
    return load.saturate(server.port, shopify(SECRET, first), SECONDS)


def _connection_each(server: Server, first: int) -> load.Result:
    return load.saturate(server.port, shopify(SECRET, first, keep_alive=False), SECONDS)


def _woocommerce(server: Server, first: int) -> load.Result:
    return load.saturate(server.port, woocommerce(*server.woocommerce, first), SECONDS)


def _paced(server: Server, first: int) -> load.Result:
    os.sync()  # what saturation left to be written would make everybody's commits wait
    return load.paced(server.port, shopify(SECRET, first), RATE, PACED_SECONDS)


KEEP_ALIVE = Way("keep-alive", _keep_alive)
CONNECTION_EACH = Way("a connection each", _connection_each)
WOOCOMMERCE = Way("WooCommerce", _woocommerce, (*OURS, HANDWRITTEN))
PACED = Way(f"{RATE}/s", _paced)
WAYS = (KEEP_ALIVE, CONNECTION_EACH, WOOCOMMERCE, PACED)


def run() -> list[Row]:
    """The rows: CPU with ratios to both peers, times of answers, memory, limits of the machine."""
    found = node()
    with home() as folder, ExitStack() as stack:
        servers = {
            SQLITE: stack.enter_context(ours(folder / "sqlite", "sqlite")),
            POSTGRESQL: stack.enter_context(ours(folder / "pg", "postgresql")),
            OFFICIAL: stack.enter_context(peer(folder / "official", found, "official")),
            HANDWRITTEN: stack.enter_context(peer(folder / "hand", found, "handwritten")),
        }
        measured = measure(servers, WAYS, ROUNDS)
        memory = [
            Row(f"receiving, memory of web: {name}", server.web_memory() / 1e6, "MB", "after all")
            for name, server in servers.items()
        ]
        bounds = limits.run(folder)
    return [*rows_of(measured), *memory, *bounds]


def rows_of(measured: Measured) -> list[Row]:
    """What was measured, with the ratios that are asked for."""
    return [*_cpu_rows(measured), *_time_rows(measured), *_refused_rows(measured)]


def measure(servers: Mapping[str, Server], ways: tuple[Way, ...], rounds: int) -> Measured:
    """Each way on each server in turn, several times over; begins with another server each time.

    Raises AssertionError if an acknowledged delivery is not stored.
    """
    measured: Measured = defaultdict(Figures)
    numbers = count(1)
    ledgers = {name: _Ledger(server.stored()) for name, server in servers.items()}
    names = list(servers)
    for name in names:  # what is compiled or connected at first use is not to be measured
        ledgers[name].add(_paced(servers[name], next(numbers)))
    until = monotonic() + MOST_SECONDS
    for turn in range(rounds):
        if turn >= FEWEST_ROUNDS and monotonic() > until:
            break
        for way in ways:
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if name in way.only:
                    before = servers[name].cpu_seconds()
                    result = way.send(servers[name], next(numbers))
                    cpu = servers[name].cpu_seconds() - before
                    ledgers[name].add(result)
                    measured[way.name, name].add(result, cpu)
    for name, server in servers.items():
        ledgers[name].compare(name, server.stored())
    return measured


@dataclass(slots=True)
class _Ledger:
    """What a server must have stored."""

    at_least: int
    unsure: int = 0  # answered 503: stored or not, the store sends it again

    def add(self, result: load.Result) -> None:
        if not set(result.statuses) <= {200, 503}:
            raise AssertionError(f"Answers: {dict(result.statuses)}")
        self.at_least += result.acknowledged
        self.unsure += result.answered - result.acknowledged

    def compare(self, name: str, stored: int) -> None:
        if not self.at_least <= stored <= self.at_least + self.unsure:
            raise AssertionError(f"{name}: {self} but {stored} are stored")


def _cpu_rows(measured: Measured) -> Iterator[Row]:
    """First the ratios that are asked for, then what the peers themselves need."""
    for way in (KEEP_ALIVE, CONNECTION_EACH, WOOCOMMERCE):
        for (name, other), wanted in _WANTED.items():
            if other not in way.only:
                continue
            mine, theirs = measured[way.name, name], measured[way.name, other]
            # Rounds beside each other share what else the machine did.
            ratio = median(b / a for a, b in zip(mine.cpu, theirs.cpu, strict=True))
            note = f"per CPU-second, of the {other}"
            to = Compared(note, ratio, at_least(wanted))
            yield _row(way, name, "CPU", mine.cpu, "µs", to=to)
        for name in (OFFICIAL, HANDWRITTEN):
            if name in way.only:
                yield _row(way, name, "CPU", measured[way.name, name].cpu, "µs")


def _time_rows(measured: Measured) -> Iterator[Row]:
    for way in (KEEP_ALIVE, CONNECTION_EACH, WOOCOMMERCE):
        for name in way.only:
            figures = measured[way.name, name]
            rate = Compared(f"{median(figures.rate):,.0f} deliveries a second")
            yield _row(way, name, "p50", figures.p50, "ms", to=rate)
            compared = _NOTHING
            if name in OURS:
                # Half is asked for beside the official one; where it cannot be, the other is shown.
                other = OFFICIAL if OFFICIAL in way.only else HANDWRITTEN
                theirs = measured[way.name, other]
                ratio = median(a / b for a, b in zip(figures.p99, theirs.p99, strict=True))
                wanted = at_most(0.5) if other == OFFICIAL else None
                compared = Compared(f"of the {other}", ratio, wanted)
            yield _row(way, name, "p99", figures.p99, "ms", to=compared)
    for name in PACED.only:
        figures = measured[PACED.name, name]
        for what, values, limit in (("p50", figures.p50, 2), ("p99", figures.p99, 10)):
            to = Compared(target=at_most(limit)) if name in OURS else _NOTHING
            yield _row(PACED, name, what, values, "ms", to=to)


def _refused_rows(measured: Measured) -> Iterator[Row]:
    for name in OURS:
        refused = sum(figures.refused for (_, who), figures in measured.items() if who == name)
        note = "answered 503 or not sent: the server was too slow; nothing of it is lost"
        yield Row(f"receiving, put off: {name}", refused, "", note, target=at_most(0))


@dataclass(frozen=True, slots=True)
class Compared:
    """With what a figure is compared, and what it has to reach."""

    note: str = ""
    ratio: float | None = None
    target: Target | None = None


_NOTHING = Compared()


def _row(
    way: Way, name: str, what: str, values: list[float], unit: str, *, to: Compared = _NOTHING
) -> Row:
    full = f"receiving, {way.name}, {what}: {name}"
    return Row(full, median(values), unit, to.note, to.ratio, to.target)
