"""Compares the ledgers with what the product holds: lost, doubled, unexplained.

- lost: a delivery was acknowledged and is not on disk; an order differs from the store's; a rule
  demands something that was not done; a customer was told that something is kept, and it is not.
- doubled: a coupon, a review, a return or a marketing mail twice.
- unexplained: done although it was forbidden; a row in no final state, failed, or without a reason
  in words; a bug in a log; a system that does not come to rest.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.cli.demo.drivers import Store
from app.cli.demo.stores import shop_of
from app.db.actions.rows import action_from
from app.db.models import actions, inbox
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import FINAL, Action, ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.domain.refunds import is_refunded_whole
from app.i18n import Translator
from app.i18n.reasons import explain
from faults.deliveries import Deliveries
from faults.mailbox import COUPON, MARKETING, Mail, Mailbox
from faults.restore import Window
from faults.stores import Holdings, holdings
from faults.stories import NEVER, ONCE, Expected

LOST, DOUBLED, UNEXPLAINED = "lost", "doubled", "unexplained"
_GRACE = 20.0  # seconds from a fact in the store until nothing may follow from the time before it


@dataclass
class Verdict:
    """What was found, and what there was."""

    findings: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, text: str) -> None:
        """One finding."""
        self.findings.append((kind, text))

    def number(self, kind: str) -> int:
        """How many of a kind."""
        return sum(found == kind for found, _ in self.findings)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, nothing unexplained."""
        return not self.findings


class Judge:
    """Reads everything once, then looks at it."""

    def __init__(
        self,
        deps: Deps,
        ledger: Sequence[Expected],
        mailbox: Mailbox,
        deliveries: Deliveries,
        windows: Sequence[Window],
    ) -> None:
        """`windows`: spans whose memory a restored backup lacks."""
        self._deps, self._ledger = deps, ledger
        self._mails, self._deliveries, self._windows = mailbox.all(), deliveries, windows
        self.verdict = Verdict()

    def judge(self, stores: Iterable[Store], logs: Path, restless: Iterable[str]) -> Verdict:
        """All of it."""
        for what in restless:
            self.verdict.add(UNEXPLAINED, f"not at rest in the end: {what}")
        self._mails_once()
        for store in stores:
            try:
                self._deliveries.read()
                self._store(store)
            except (DBAPIError, requests.RequestException) as error:
                self.verdict.add(UNEXPLAINED, f"{store.platform} cannot be judged: {error!r}")
        self._logs(logs)
        return self.verdict

    def _lost_with_backup(self, at: float) -> bool:
        """Whether it happened in a span that a restored backup does not know."""
        return any(window.forgot(at) for window in self._windows)

    # mails

    def _mails_once(self) -> None:
        seen: dict[tuple[str, str, str], list[Mail]] = defaultdict(list)
        for mail in self._mails:
            self.verdict.counts[f"mails {mail.kind or 'transactional'}"] += 1
            if mail.kind in MARKETING:
                seen[mail.to, mail.kind, mail.about].append(mail)
        for (to, kind, about), mails in seen.items():
            if len(mails) > 1:
                ids = {mail.message_id for mail in mails}
                self.verdict.add(
                    DOUBLED, f"{kind} about {about} to {to}: {len(mails)} times, ids {sorted(ids)}"
                )

    # one store

    def _store(self, store: Store) -> None:
        shop = shop_of(self._deps, store)
        if shop is None:
            self.verdict.add(LOST, f"{store.platform}: the shop itself")
            return
        held = holdings(store)
        with self._deps.db.read() as uow:
            mine = actions.c.shop_id == shop.id
            rows = [action_from(r) for r in uow.connection.execute(select(actions).where(mine))]
            received = select(inbox.c.dedupe_key, inbox.c.state).where(inbox.c.shop_id == shop.id)
            keys = {str(key): str(state) for key, state in uow.connection.execute(received)}
        self._of_inbox(store.platform, keys)
        self._of_actions(store.platform, rows)
        self._orders(store, held, shop.id)
        by_order: dict[str, list[Action]] = defaultdict(list)
        for row in rows:
            by_order[row.order_id or ""].append(row)
        for known in self._ledger:
            if known.platform == store.platform:
                self._order(known, held, by_order[known.order])

    def _of_inbox(self, platform: str, keys: dict[str, str]) -> None:
        known = {_plain(key) for key in keys}
        for sent in self._deliveries.acknowledged:
            if sent.store != platform or not sent.key:
                continue
            self.verdict.counts["acknowledged"] += 1
            at = datetime.fromisoformat(sent.at)
            forgotten = any(window.forgot_delivery(at) for window in self._windows)
            if _plain(sent.key) not in known and not forgotten:
                self.verdict.add(
                    LOST, f"{platform}: {sent.topic} was acknowledged and is not there ({sent.at})"
                )
        for key, state in keys.items():
            if state in ("pending", "failed"):
                self.verdict.add(UNEXPLAINED, f"{platform}: inbox row {key[:60]} is {state}")

    def _of_actions(self, platform: str, rows: Iterable[Action]) -> None:
        now = self._deps.business.now()
        for row in rows:
            self.verdict.counts[f"actions {row.state}"] += 1
            where = f"{platform}: {row.kind} {row.id} of order {row.order_id}"
            words = explain(row.reason, Translator("en"), ZoneInfo("UTC"))
            if not words:
                self.verdict.add(UNEXPLAINED, f"{where} has no reason in words")
            if row.state is ActionState.FAILED:
                self.verdict.add(UNEXPLAINED, f"{where} failed: {words} {dict(row.reason.params)}")
            elif row.state is ActionState.MISSED:
                self.verdict.add(LOST, f"{where} was missed: {words}")
            elif row.state is ActionState.UNCERTAIN:
                self.verdict.explained["uncertain mails (SMTP cannot be asked)"] += 1
            elif row.state not in FINAL and row.due_at <= now:
                self.verdict.add(UNEXPLAINED, f"{where} is still {row.state}: {words}")
            elif row.state is ActionState.BLOCKED:
                self.verdict.add(UNEXPLAINED, f"{where} is blocked: {words}")

    def _orders(self, store: Store, held: Holdings, shop_id: Any) -> None:
        wanted = {e.order for e in self._ledger if e.platform == store.platform and not e.gone}
        with self._deps.db.read() as uow:
            ours = ShopData(uow, shop_id).orders
            for order_id, there in held.orders.items():
                if order_id not in wanted:
                    continue
                self.verdict.counts["orders"] += 1
                stored = ours.get(order_id)
                if stored is None:
                    self.verdict.add(LOST, f"{store.platform}: order {order_id} is not known")
                    continue
                order = stored.order
                picture = (
                    order.total.decimal(),
                    sum((r.amount.decimal() for r in order.refunds), Decimal(0)),
                    order.cancelled_at is not None and not is_refunded_whole(order),
                    len(order.fulfilments),
                )
                should = (
                    there.total, there.refunded,
                    there.cancelled and there.refunded < there.total, there.parcels,
                )  # fmt: skip
                if picture != should:
                    self.verdict.add(
                        LOST, f"{store.platform}: order {order_id} is {picture}, not {should}"
                    )

    # one order of a story

    def _order(self, known: Expected, held: Holdings, rows: Sequence[Action]) -> None:
        where = f"{known.platform}: order {known.order} ({known.story})"
        self._request(known, rows, where)
        self._coupon(known, held, rows, where)
        for text in known.reviews:
            self.verdict.counts["reviews"] += 1
            there = held.reviews[text]
            if there > 1:
                self.verdict.add(DOUBLED, f"{where}: review {text!r} {there} times")
            elif not there and not self._lost_with_backup(known.told_at):
                self.verdict.add(LOST, f"{where}: review {text!r}; {_story(rows)}")
        self._return(known, held, rows, where)

    def _request(self, known: Expected, rows: Sequence[Action], where: str) -> None:
        mails = [m for m in self._mails if m.about == known.order and m.to == known.email]
        mine = [row for row in rows if row.kind is ActionKind.REVIEW_REQUEST_MAIL]
        if known.request == NEVER:
            late = [m for m in mails if m.at > known.forbidden_since + _GRACE]
            forgotten = self._lost_with_backup(known.unsubscribed_at)
            if late and not forgotten:
                self.verdict.add(UNEXPLAINED, f"{where}: was asked for a review all the same")
        elif known.request == ONCE and not mails:
            states = {row.state for row in mine}
            if states & {ActionState.UNCERTAIN} or self._declined_by_merchant(mine):
                self.verdict.explained["requests not sent for a reason that the page tells"] += 1
            else:
                self.verdict.add(LOST, f"{where}: was never asked; {_story(mine)}")

    def _declined_by_merchant(self, rows: Iterable[Action]) -> bool:
        return any(row.reason.code is ReasonCode.CANCELLED_BY_MERCHANT for row in rows)

    def _coupon(self, known: Expected, held: Holdings, rows: Sequence[Action], where: str) -> None:
        if known.coupon != ONCE:
            return
        self.verdict.counts["coupons"] += 1
        there = held.coupons[known.email]
        mails = [m for m in self._mails if m.to == known.email and m.kind == COUPON]
        codes = held.code_of.get(known.email, [])
        if there > 1:
            self.verdict.add(DOUBLED, f"{where}: {there} coupons {codes}; {_story(rows)}")
        if len(mails) > 1 and len({m.about for m in mails}) > 1:
            self.verdict.add(DOUBLED, f"{where}: mails about several coupons {codes}")
        if not there and not self._declined_by_merchant(rows):
            self.verdict.add(LOST, f"{where}: no coupon; {_story(rows)}")
        if there and not mails and not known.void:
            mine = [row for row in rows if row.kind is ActionKind.COUPON_MAIL]
            uncertain = any(row.state is ActionState.UNCERTAIN for row in mine)
            if uncertain or self._declined_by_merchant(rows):
                self.verdict.explained["coupon mails not sent for a reason that is told"] += 1
            else:
                self.verdict.add(LOST, f"{where}: nobody heard of the coupon; {_story(rows)}")
        if known.void and any(held.codes.get(code) for code in codes):
            if not any(row.kind is ActionKind.COUPON_CREATE for row in rows):
                self.verdict.explained["coupons earned by the other order, which stands"] += 1
            elif self._windows:
                self.verdict.explained["coupons left valid after a restored backup"] += 1
            else:
                self.verdict.add(LOST, f"{where}: the coupon is still good; {_story(rows)}")

    def _return(self, known: Expected, held: Holdings, rows: Sequence[Action], where: str) -> None:
        there = held.returns[known.order]
        if there > 1:
            self.verdict.add(DOUBLED, f"{where}: {there} returns in the store; {_story(rows)}")
        if not (known.returned or known.withdrawn):
            return
        self.verdict.counts["returns"] += 1
        if self._lost_with_backup(known.told_at):
            return
        if not any(row.kind.startswith(("return_", "withdrawal_")) for row in rows):
            self.verdict.add(LOST, f"{where}: the return that was asked for on our page")
        elif known.returned and not there:
            self.verdict.add(
                LOST, f"{where}: the store knows nothing of the return; {_story(rows)}"
            )
        if known.withdrawn:
            receipts = [m for m in self._mails if m.to == known.email and not m.kind]
            if not receipts:
                self.verdict.add(LOST, f"{where}: no receipt of the withdrawal; {_story(rows)}")

    # logs

    def _logs(self, logs: Path) -> None:
        for path in sorted(logs.glob("*.log")):
            for line in path.read_text(errors="replace").splitlines():
                told = _json(line)
                event = str(told.get("event", ""))
                if event.endswith(".bug"):
                    about = {k: v for k, v in told.items() if k not in ("timestamp", "request_id")}
                    self.verdict.add(UNEXPLAINED, f"a bug in {path.name}: {about}")
                elif event == "job.failed":
                    self.verdict.explained[f"job failed: {told.get('error')}"] += 1
                elif line.startswith("Traceback"):
                    self.verdict.explained[f"traceback in {path.name}"] += 1


def _plain(key: str) -> str:
    """A delivery's key without what the store and we call its webhook."""
    return key.partition(":")[2] if key.count(":") == 2 else key


def _story(rows: Iterable[Action]) -> str:
    told = [f"{r.kind} {r.state} ({r.reason.code}, attempt {r.attempt})" for r in rows]
    return "; ".join(told) or "no row"


def _json(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
