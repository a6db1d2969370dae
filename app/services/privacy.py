"""Privacy requests: what is known of a person is handed over or forgotten.

Each step may be repeated and the request is marked done last: a process killed anywhere in between
begins again, and nothing is lost.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from app.db.erasure import Body, Traces, blank_shop, delete_some, shop_tables
from app.db.leases import acquire, release
from app.db.privacy import PrivacyRequest
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Schedule
from app.domain.ids import CustomerId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import Control, Person
from app.pipeline.control import close
from app.pipeline.interpret import drain, lease_name
from app.pipeline.plan import Planner, write
from app.pipeline.runtime import Runtime
from app.services.personal_data import (
    Marks,
    addresses_of,
    customer_file,
    export_name,
    marks_of,
    traces_of,
)

EXPORT_KEPT = timedelta(days=30)
_LEASE = timedelta(minutes=2)
_BODIES = 200  # opened at a time
_OUR_FILES = -(2**40)  # below all erasures that merchants asked for
_OURS = 0  # requests of platforms are told apart by their inbox rows, whose ids are positive
log = structlog.get_logger()


def carry_out(rt: Runtime, shop_id: ShopId) -> None:
    """Carry out all open requests of a shop, oldest first."""
    with rt.db.read() as uow:
        requests = ShopData(uow, shop_id).privacy.open_requests()
    for request in requests:
        if request.kind is Control.SHOP_REDACT:
            _redact_shop(rt, shop_id, request)
            return  # whatever else was asked is done with it
        if request.kind is Control.DATA_REQUEST:
            _hand_over(rt, shop_id, request)
        else:
            _forget(rt, shop_id, request)


def erase_customer(rt: Runtime, shop_id: ShopId, customer_id: CustomerId) -> None:
    """Erase one customer on the merchant's wish: asked for here, carried out by a job."""
    _ask(rt, shop_id, customer_id, Control.CUSTOMER_REDACT, _OURS - customer_id)


def hand_over_customer(rt: Runtime, shop_id: ShopId, customer_id: CustomerId) -> None:
    """A file with all that is known of one customer, on the merchant's wish: a job writes it, and
    the owner gets a mail with its address.
    """
    _ask(rt, shop_id, customer_id, Control.DATA_REQUEST, _OUR_FILES - customer_id)


def _ask(rt: Runtime, shop_id: ShopId, customer_id: CustomerId, kind: Control, key: int) -> None:
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        person, order_ids = data.customers.person(customer_id), data.orders.of_customer(customer_id)
    with rt.db.write() as uow:
        ShopData(uow, shop_id).privacy.ask(kind, person, tuple(order_ids), key, rt.wall.now())
        uow.after_commit("privacy", shop_id)


# handing over


def _hand_over(rt: Runtime, shop_id: ShopId, request: PrivacyRequest) -> None:
    """Store a file with all that is known of the person, and tell the merchant where it is."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        traces = traces_of(data, request.person, request.order_ids)
        marks = marks_of(data, request.person, traces)
    deliveries = [content for page in _bodies(rt, shop_id, marks) for _, content in page]
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        content = customer_file(data, request.person, traces, deliveries, rt.business.now())
    text = json.dumps(content, ensure_ascii=False, indent=2, default=str).encode()
    now, wall = rt.business.now(), rt.wall.now()
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        expires = wall + EXPORT_KEPT
        token = data.privacy.add_export(export_name(traces, request.id), text, wall, expires)
        schedule = Schedule(
            kind=ActionKind.DATA_EXPORT_MAIL,
            # asked for again once it was done, a request is the same row
            dedupe_key=f"export:{request.id}:{request.requested_at:%Y%m%d%H%M%S}",
            due_at=now,
            useful_until=now + EXPORT_KEPT,
            reason=Reason.of(ReasonCode.REQUESTED),
            payload={
                "export": token,
                "expires_at": expires.isoformat(),
                "request": str(request.id),
            },
        )
        Planner(rt, data).apply(schedule, "", next(iter(traces.customers), None), 0)
        data.privacy.done(request, wall)


# forgetting a person


def _forget(rt: Runtime, shop_id: ShopId, request: PrivacyRequest) -> None:
    """Bury first, so that nothing brings the person back while the rest is forgotten."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        traces = traces_of(data, request.person, request.order_ids)
        marks = marks_of(data, request.person, traces)
        addresses = addresses_of(data, request.person, traces)
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        _bury(data, request.person, traces, rt.wall.now())
        _cancel(data, traces, rt.business.now())
    rt.mail.forget(addresses)
    drain(rt, shop_id)
    _clear_files(rt, shop_id, marks)
    if _clear_bodies(rt, shop_id, marks) and _clear_rows(rt, shop_id, traces):
        with rt.db.write() as uow:
            data = ShopData(uow, shop_id)
            for customer_id in traces.customers:
                data.journal.write("erased", "customer", rt.business.now(), customer_id=customer_id)
            data.privacy.done(request, rt.wall.now())
        rt.db.drop_old_pages()


def _bury(data: ShopData, person: Person, traces: Traces, now: datetime) -> None:
    for customer_id in traces.customers:
        data.customers.bury_identities(customer_id, now)
    data.customers.bury_person(person, now)


def _clear_files(rt: Runtime, shop_id: ShopId, marks: Marks) -> None:
    """Drop files made for download that show the person, whoever they were made about."""
    with rt.db.read() as uow:
        files = ShopData(uow, shop_id).erasure.files()
    shown = [each.id for each in files if marks.shown_in(rt.db.keyring.open_body(each.sealed))]
    if shown:
        with rt.db.write() as uow:
            ShopData(uow, shop_id).erasure.drop_files(shown)


def _cancel(data: ShopData, traces: Traces, now: datetime) -> None:
    reason = Reason.of(ReasonCode.CUSTOMER_ERASED)
    found = [a for customer in traces.customers for a in data.actions.of_customer(customer)]
    found += [a for order in traces.orders for a in data.actions.of_order(order)]
    for action in found:
        if data.actions.cancel(action.dedupe_key, reason, now):
            write(data, "cancelled", action, reason, now)


def _clear_bodies(rt: Runtime, shop_id: ShopId, marks: Marks) -> bool:
    """Drop raw bodies that show the person; False while one of them waits to be interpreted."""
    clear = True
    for shown in _bodies(rt, shop_id, marks):
        clear = clear and not any(body.pending for body, _ in shown)
        if shown:
            with rt.db.write() as uow:
                ShopData(uow, shop_id).erasure.drop_bodies([body.id for body, _ in shown])
    return clear


def _bodies(rt: Runtime, shop_id: ShopId, marks: Marks) -> Iterator[list[tuple[Body, bytes]]]:
    """Raw bodies that show the person, a page at a time, with what they say."""
    after: Body | None = None
    while True:
        with rt.db.read() as uow:
            bodies = ShopData(uow, shop_id).erasure.bodies(after, _BODIES)
        opened = [(body, rt.db.keyring.open_body(body.sealed)) for body in bodies]
        yield [(body, content) for body, content in opened if marks.shown_in(content)]
        if len(bodies) < _BODIES:
            return
        after = bodies[-1]


def _clear_rows(rt: Runtime, shop_id: ShopId, traces: Traces) -> bool:
    """Forget while nobody interprets; False if somebody does: the clock comes again."""
    lease, holder, now = lease_name(shop_id), uuid.uuid4().hex, rt.wall.now()
    with rt.db.write() as uow:
        if not acquire(uow, lease, holder, now, now + _LEASE):
            return False
        ShopData(uow, shop_id).erasure.forget(traces, now)
        release(uow, lease, holder)
    return True


# forgetting a shop


def erase_shop(rt: Runtime, shop_id: ShopId) -> None:
    """Delete everything of a shop, unsubscriptions included; its row only says "erased".

    Kept as a request, so that the clock finishes what a killed process began.
    """
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        if Shops(uow).get(shop_id).connected:
            close(data, rt)
        Shops(uow).change(shop_id, state=ShopState.ERASED)
        data.privacy.ask(Control.SHOP_REDACT, Person(), (), _OURS, rt.wall.now())
    carry_out(rt, shop_id)


def _redact_shop(rt: Runtime, shop_id: ShopId, request: PrivacyRequest) -> None:
    """Two days after an uninstall. Whoever connected again since then keeps the new data."""
    with rt.db.write() as uow:
        if Shops(uow).get(shop_id).connected:
            data = ShopData(uow, shop_id)
            data.journal.write("kept", "shop", rt.business.now())
            data.privacy.done(request, rt.wall.now())
            return
        Shops(uow).change(shop_id, state=ShopState.ERASED)
    for table in shop_tables():
        more = True
        while more:
            with rt.db.write() as uow:
                if Shops(uow).get(shop_id).connected:
                    return  # connected again this very moment: the next look keeps what is new
                more = delete_some(uow, table, shop_id)
    with rt.db.write() as uow:
        blank_shop(uow, shop_id)
    rt.db.drop_old_pages()
    log.info("privacy.shop_erased", shop=shop_id)
