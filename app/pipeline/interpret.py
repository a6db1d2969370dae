"""The only consumer of the inbox: rows become facts, facts become plans.

One shop is drained by one process at a time (a lease in the database). Bodies are opened and read
before the transaction; each row has its own savepoint, so that one bad row blocks nobody.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.db.batch import Named, batch_of
from app.db.inbox import InboxRow
from app.db.leases import acquire, release
from app.db.session import DatabaseUnavailable, UnitOfWork, savepoint
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.domain.errors import BadPayload
from app.domain.ids import ShopId
from app.domain.snapshots import (
    ControlMessage,
    CustomerSnapshot,
    DeliverySnapshot,
    FulfilmentSnapshot,
    Gone,
    ObjectKind,
    OrderSnapshot,
    ProductSnapshot,
    RefundSnapshot,
    Snapshot,
)
from app.domain.stores import host_of
from app.logs import place_of
from app.pipeline import control
from app.pipeline.facts import Facts
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import copy_seen
from app.pipeline.turns import TURN
from app.platforms.base import Foreign, Ignored, Received, Unknown

BATCH = 100
LEASE = timedelta(seconds=60)
_GONE = (ShopState.DISCONNECTED, ShopState.ERASED)
log = structlog.get_logger()


@dataclass(frozen=True)
class Reading:
    """What one row says: snapshots, or why it says nothing."""

    row: InboxRow
    snapshots: Sequence[Snapshot] = ()
    state: str = "done"
    note: str | None = None
    home: str | None = None  # of the other store that sent it


def drain(rt: Runtime, shop_id: ShopId) -> int:
    """Interpret the pending rows of a shop, for one turn; returns how many. 0 if another process
    is at it.
    """
    holder, done, end = uuid.uuid4().hex, 0, rt.wall.now() + TURN
    while _take(rt, shop_id, holder):
        try:
            while count := _batch(rt, shop_id, holder):
                done += count
                if count < BATCH or rt.wall.now() >= end:
                    break
        finally:
            with rt.db.write() as uow:
                release(uow, lease_name(shop_id), holder)
        if not _anything_pending(rt, shop_id):  # a row may have come before the release
            break
        if rt.wall.now() >= end:
            with rt.db.write() as uow:
                uow.after_commit("drain", shop_id)
            break
    return done


def _take(rt: Runtime, shop_id: ShopId, holder: str) -> bool:
    with rt.db.write() as uow:
        return _hold(rt, uow, shop_id, holder)


def _hold(rt: Runtime, uow: UnitOfWork, shop_id: ShopId, holder: str) -> bool:
    now = rt.wall.now()
    return acquire(uow, lease_name(shop_id), holder, now, now + LEASE)


def lease_name(shop_id: ShopId) -> str:
    """Who holds this lease may interpret, or keep others from it."""
    return f"drain:{shop_id}"


def _anything_pending(rt: Runtime, shop_id: ShopId) -> bool:
    with rt.db.read() as uow:
        return ShopData(uow, shop_id).inbox.has_pending()


def _batch(rt: Runtime, shop_id: ShopId, holder: str) -> int:
    """Interpret the next rows; 0 if there are none, or if another process took over meanwhile.

    The lease is held again inside the transaction, so that a batch that took too long cannot
    overwrite what its successor wrote.
    """
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        rows = ShopData(uow, shop_id).inbox.pending(BATCH)
    readings = [_read(rt, shop, row) for row in rows]
    if not readings:
        return 0
    with rt.db.write() as uow:
        if not _hold(rt, uow, shop_id, holder):
            return 0
        pending = ShopData(uow, shop_id).inbox.still_pending([r.row.id for r in readings])
        _interpret(rt, uow, shop_id, [r for r in readings if r.row.id in pending])
    return len(readings)


def _interpret(rt: Runtime, uow: UnitOfWork, shop_id: ShopId, readings: Sequence[Reading]) -> None:
    """All rows at once; if that fails, each half of them, so that one bad row, and nothing else,
    is in the end looked at alone.
    """
    if len(readings) < 2:
        for reading in readings:
            _apply(rt, ShopData(uow, shop_id), reading)
        return
    try:
        with savepoint(uow), batch_of(uow, shop_id, _named(readings)) as data:
            for reading in readings:
                _take_in(rt, data, reading)
    except DatabaseUnavailable:
        raise  # not a row's fault: all of the batch is tried again
    except Exception as error:  # noqa: BLE001 - which row it was is found out in the halves
        log.info("interpret.halved", shop=shop_id, rows=len(readings), error=type(error).__name__)
        half = len(readings) // 2
        for part in (readings[:half], readings[half:]):
            _interpret(rt, uow, shop_id, part)


def _named(readings: Sequence[Reading]) -> Named:
    """What the rows speak of."""
    named = Named()
    for reading in readings:
        for snapshot in reading.snapshots:
            match snapshot:
                case OrderSnapshot():
                    named.orders.add(snapshot.order_id)
                    named.persons.add(snapshot.person)
                    named.products.update(x.product_id for x in snapshot.lines if x.product_id)
                case FulfilmentSnapshot() | RefundSnapshot() | DeliverySnapshot():
                    named.orders.add(snapshot.order_id)
                case ProductSnapshot():
                    named.products.add(snapshot.product_id)
                case CustomerSnapshot():
                    named.persons.add(snapshot.person)
    return named


def _read(rt: Runtime, shop: Shop, row: InboxRow) -> Reading:
    """Open and normalise a row; outside any transaction."""
    try:
        body = rt.db.keyring.open_body(row.sealed_body)
        if row.topic.startswith("gone/"):
            kind = ObjectKind(row.topic.removeprefix("gone/"))
            return Reading(row, (Gone(kind, body.decode()),))
        platform = rt.platforms[shop.platform]
        said = platform.normalise(
            Received(row.topic, body, row.triggered_at, shop.domain, shop.currency)
        )
    except BadPayload as error:
        return Reading(row, state="failed", note=str(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the other rows
        _report(shop.id, row, error)
        return Reading(row, state="failed", note=_fault(error))
    if isinstance(said, Ignored):
        return Reading(row, state="ignored", note=said.why)
    if isinstance(said, Foreign):
        note = f"Sent by another store: {host_of(said.home)}"[:200]
        return Reading(row, (said.about,), state="ignored", note=note, home=said.home)
    if isinstance(said, Unknown):
        return Reading(row, state="unknown", note=f"No rule for the topic {row.topic}")
    return Reading(row, tuple(said))


def _apply(rt: Runtime, data: ShopData, reading: Reading) -> None:
    """One row alone: what cannot be done with it is undone, and the row parked."""
    try:
        with savepoint(data.uow):
            _take_in(rt, data, reading)
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - parked, visible, replayable; others go on
        _report(data.shop_id, reading.row, error)
        _finish(rt, data, reading.row, "failed", _fault(error))


def _take_in(rt: Runtime, data: ShopData, reading: Reading) -> None:
    row = reading.row
    keep_body = row.source == "webhook" and reading.home is None
    if reading.snapshots and not _concerns_us(data, reading.snapshots):
        _finish(rt, data, row, "ignored", "The shop was not connected", keep_body=False)
        return
    if reading.snapshots:
        keep_body = not _apply_snapshots(rt, data, reading) and keep_body
    _finish(rt, data, row, reading.state, reading.note, keep_body=keep_body)


def _finish(
    rt: Runtime,
    data: ShopData,
    row: InboxRow,
    state: str,
    note: str | None,
    *,
    keep_body: bool = True,
) -> None:
    keep_body = keep_body or state == "failed"  # to be replayed
    if state in ("failed", "unknown"):
        data.journal.write(state, "delivery", rt.business.now(), params={"inbox": row.id})
    data.inbox.finish(row, state, rt.wall.now(), note, keep_body=keep_body)


def _concerns_us(data: ShopData, snapshots: Sequence[Snapshot]) -> bool:
    """A shop that left gets no new facts; what it says about itself and its customers counts."""
    if data.shop.state not in _GONE:
        return True
    return any(isinstance(snapshot, ControlMessage) for snapshot in snapshots)


def _apply_snapshots(rt: Runtime, data: ShopData, reading: Reading) -> bool:
    """True if the body tells of somebody whom we have forgotten: it is not kept either."""
    if reading.home:
        copy_seen(rt, data, reading.home)
    facts = Facts(rt, data, reading.row)
    for snapshot in reading.snapshots:
        if isinstance(snapshot, ControlMessage):
            control.obey(rt, data, reading.row, snapshot)
        else:
            facts.take(snapshot)
    return facts.met_forgotten


def _fault(error: Exception) -> str:
    return f"Stopped by a fault of ours: {type(error).__name__}"


def _report(shop_id: ShopId, row: InboxRow, error: Exception) -> None:
    """Where it broke, never with what: a body is personal data."""
    kind, place = type(error).__name__, place_of(error)
    log.warning("interpret.bug", shop=shop_id, inbox=row.id, error=kind, place=place)
