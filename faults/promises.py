"""Rows, people and orders of stories: beside what the store holds and the mail server took."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from app.domain.actions import FINAL, MARKETING_MAIL, Action, ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.i18n import Translator
from app.i18n.reasons import explain
from faults.findings import DOUBLED, LOST, UNEXPLAINED, Verdict
from faults.mailbox import COUPON, MARKETING, Mail
from faults.restore import Window
from faults.stores import Holdings
from faults.stories import NEVER, ONCE, Expected

UNCERTAIN = "uncertain mails (SMTP cannot be asked)"
_GRACE = 20.0  # seconds from a fact in the store until nothing may follow from the time before it
_AFTER_APPROVAL = {
    ActionKind.RETURN_APPROVED_MAIL,
    ActionKind.RETURN_RECEIVED_MAIL,
    ActionKind.RETURN_REFUNDED_MAIL,
}
_UNWANTED = {ActionState.FAILED, ActionState.BLOCKED, ActionState.UNCERTAIN}


class Promises:
    """Adds what it finds to a verdict."""

    def __init__(
        self, verdict: Verdict, mails: Sequence[Mail], windows: Sequence[Window] = ()
    ) -> None:
        """`windows`: spans whose memory a restored backup lacks."""
        self._verdict, self._mails, self._windows = verdict, mails, windows

    def _lost_with_backup(self, at: float) -> bool:
        """Whether it happened in a span that a restored backup does not know."""
        return any(window.forgot(at) for window in self._windows)

    # mails

    def mails_once(self) -> None:
        """No marketing mail came twice."""
        seen: dict[tuple[str, str, str], list[Mail]] = defaultdict(list)
        for mail in self._mails:
            self._verdict.counts[f"mails {mail.kind or 'transactional'}"] += 1
            if mail.kind in MARKETING:
                seen[mail.to, mail.kind, mail.about].append(mail)
        for (to, kind, about), mails in seen.items():
            if len(mails) > 1:
                ids = {mail.message_id for mail in mails}
                self._verdict.add(
                    DOUBLED, f"{kind} about {about} to {to}: {len(mails)} times, ids {sorted(ids)}"
                )

    # rows

    def ended(
        self,
        platform: str,
        rows: Iterable[Action],
        now: datetime,
        asked_back: Collection[str] = (),
    ) -> None:
        """Each row came to an end that it can explain, or its time is yet to come.

        `asked_back`: orders with a return that nobody ends. Nobody is asked for a review meanwhile,
        and after two months it is too late.
        """
        taken = {mail.action for mail in self._mails}
        for row in rows:
            self._verdict.counts[f"actions {row.state}"] += 1
            where = f"{platform}: {row.kind} {row.id} of order {row.order_id}"
            words = explain(row.reason, Translator("en"), ZoneInfo("UTC"))
            if not words:
                self._verdict.add(UNEXPLAINED, f"{where} has no reason in words")
            if row.state is ActionState.UNCERTAIN and row.kind in MARKETING_MAIL:
                self._verdict.explained[UNCERTAIN] += 1
            elif _given_up(row, taken):
                self._verdict.explained["mails not repeated any more, of unknown end"] += 1
            elif row.state is ActionState.MISSED and row.order_id in asked_back:
                self._verdict.explained["requests too late, a return was open for two months"] += 1
            elif row.state is ActionState.MISSED:
                self._verdict.add(LOST, f"{where} was missed: {words}")
            elif row.state in _UNWANTED:  # also one that is uncertain and could have been asked for
                given = dict(row.reason.params)
                self._verdict.add(UNEXPLAINED, f"{where} is {row.state}: {words} {given}")
            elif row.state not in FINAL and row.due_at <= now:
                self._verdict.add(UNEXPLAINED, f"{where} is still {row.state}: {words}")
            elif row.reason.code is ReasonCode.SENT and str(row.id) not in taken:
                self._verdict.add(LOST, f"{where} says that it was sent, and no such mail came")

    # people

    def coupons_earned(self, platform: str, ledger: Iterable[Expected], held: Holdings) -> None:
        """Nobody has two, and nobody has one, or a mail about one, without having earned it."""
        earned: dict[str, bool] = {}
        for known in ledger:
            if known.platform == platform:
                earned[known.email] = earned.get(known.email, False) or known.coupon != NEVER
        owned = {code for codes in held.code_of.values() for code in codes}
        for code in held.codes.keys() - owned:
            self._verdict.add(UNEXPLAINED, f"{platform}: coupon {code} is nobody's")
        for email, codes in held.code_of.items():
            if len(codes) > 1:
                self._verdict.add(DOUBLED, f"{platform}: {len(codes)} coupons {codes} of {email}")
            if not earned.get(email):
                self._verdict.add(
                    UNEXPLAINED, f"{platform}: {email} has coupons {codes} and earned none"
                )
        for email, has_earned in earned.items():
            if not has_earned and any(m.kind == COUPON and m.to == email for m in self._mails):
                self._verdict.add(
                    UNEXPLAINED, f"{platform}: {email} earned no coupon and was told of one"
                )

    def uncertain(self, broken_off: int) -> None:
        """Of no more mails is it unknown whether they went out than can have been broken off."""
        found = self._verdict.explained[UNCERTAIN]
        if found > broken_off:
            told = f"{found} mails are uncertain, and {broken_off} can have been broken off"
            self._verdict.add(UNEXPLAINED, told)

    # products

    def stars(self, platform: str, held: Holdings) -> None:
        """The sum that a product shows is of the reviews that the store has."""
        for product in held.rated.keys() | held.shown.keys():
            there, shown = held.rated[product], held.shown.get(product, 0)
            where = f"{platform}: product {product} shows {shown} reviews and has {there}"
            if shown > there:
                self._verdict.add(DOUBLED, where)
            elif shown < there and self._windows:
                # The database that was put back does not know all that are published.
                self._verdict.explained["products whose sum lacks forgotten reviews"] += 1
            elif shown < there:
                self._verdict.add(LOST, where)

    # one order of a story

    def order(self, known: Expected, held: Holdings, rows: Sequence[Action]) -> None:
        """All that had to follow from it."""
        where = f"{known.platform}: order {known.order} ({known.story})"
        self._request(known, rows, where)
        self._coupon(known, held, rows, where)
        for text in known.reviews:
            self._verdict.counts["reviews"] += 1
            there = held.reviews[text]
            if there > 1:
                self._verdict.add(DOUBLED, f"{where}: review {text!r} {there} times")
            elif not there and not self._lost_with_backup(known.told_at):
                self._verdict.add(LOST, f"{where}: review {text!r}; {_story(rows)}")
        self._return(known, held, rows, where)

    def _request(self, known: Expected, rows: Sequence[Action], where: str) -> None:
        mails = [m for m in self._mails if m.about == known.order and m.to == known.email]
        mine = [row for row in rows if row.kind is ActionKind.REVIEW_REQUEST_MAIL]
        if known.request == NEVER:
            # An unsubscription is kept before its page says so; the store's facts have a way to go.
            certain = known.unsubscribed_at or known.forbidden_since + _GRACE
            late = [m for m in mails if m.at > certain]
            forgotten = self._lost_with_backup(known.unsubscribed_at)
            if late and not forgotten:
                self._verdict.add(UNEXPLAINED, f"{where}: was asked for a review all the same")
        elif known.request == ONCE and not mails:
            states = {row.state for row in mine}
            if states & {ActionState.UNCERTAIN} or _declined_by_merchant(mine):
                self._verdict.explained["requests not sent for a reason that the page tells"] += 1
            else:
                self._verdict.add(LOST, f"{where}: was never asked; {_story(mine)}")

    def _coupon(self, known: Expected, held: Holdings, rows: Sequence[Action], where: str) -> None:
        if known.coupon != ONCE:
            return
        self._verdict.counts["coupons"] += 1
        there = held.coupons[known.email]
        mails = [m for m in self._mails if m.to == known.email and m.kind == COUPON]
        codes = held.code_of.get(known.email, [])
        if len({m.about for m in mails}) > 1:
            self._verdict.add(DOUBLED, f"{where}: mails about several coupons {codes}")
        if not there and not _declined_by_merchant(rows):
            self._verdict.add(LOST, f"{where}: no coupon; {_story(rows)}")
        if there and not mails and not known.void:
            mine = [row for row in rows if row.kind is ActionKind.COUPON_MAIL]
            uncertain = any(row.state is ActionState.UNCERTAIN for row in mine)
            if uncertain or _declined_by_merchant(rows):
                self._verdict.explained["coupon mails not sent for a reason that is told"] += 1
            else:
                self._verdict.add(LOST, f"{where}: nobody heard of the coupon; {_story(rows)}")
        if known.void and any(held.codes.get(code) for code in codes):
            self._still_good(known, mails, rows, where)

    def _still_good(
        self, known: Expected, mails: Sequence[Mail], rows: Sequence[Action], where: str
    ) -> None:
        """A coupon was lost again by a refund, and can be used all the same."""
        moments = [known.forbidden_since, *(mail.at for mail in mails)]
        if not any(row.kind is ActionKind.COUPON_CREATE for row in rows):
            self._verdict.explained["coupons earned by the other order, which stands"] += 1
        elif _declined_by_merchant(rows) or any(map(self._lost_with_backup, moments)):
            # The database that was put back does not know that code, so nobody takes it back.
            self._verdict.explained["coupons left valid after a restored backup"] += 1
        else:
            self._verdict.add(LOST, f"{where}: the coupon is still good; {_story(rows)}")

    def _return(self, known: Expected, held: Holdings, rows: Sequence[Action], where: str) -> None:
        there = held.returns[known.order]
        if there > 1:
            self._verdict.add(DOUBLED, f"{where}: {there} returns in the store; {_story(rows)}")
        if not (known.returned or known.withdrawn):
            return
        self._verdict.counts["returns"] += 1
        if self._lost_with_backup(known.told_at):
            return
        if not any(row.kind.startswith(("return_", "withdrawal_")) for row in rows):
            self._verdict.add(LOST, f"{where}: the return that was asked for on our page")
        elif known.returned and not there:
            self._verdict.add(
                LOST, f"{where}: the store knows nothing of the return; {_story(rows)}"
            )
        elif known.returned and not _was_told(rows):
            self._verdict.add(LOST, f"{where}: nobody heard what becomes of it; {_story(rows)}")
        if known.withdrawn:
            receipts = [m for m in self._mails if m.to == known.email and not m.kind]
            if not receipts:
                self._verdict.add(LOST, f"{where}: no receipt of the withdrawal; {_story(rows)}")


def _was_told(rows: Sequence[Action]) -> bool:
    """Whether the customer of a return heard of its approval or of what came after it."""
    return _declined_by_merchant(rows) or any(
        row.kind in _AFTER_APPROVAL and row.state in (ActionState.DONE, ActionState.UNCERTAIN)
        for row in rows
    )


def _given_up(row: Action, taken: Collection[str]) -> bool:
    """A transactional mail of unknown end that is rightly not sent again: after several answers
    that never came, or because it was withdrawn.
    """
    unknown = row.state is ActionState.UNCERTAIN and row.kind.endswith("_mail")
    return unknown and (str(row.id) in taken or row.cancel_requested)


def _declined_by_merchant(rows: Iterable[Action]) -> bool:
    return any(row.reason.code is ReasonCode.CANCELLED_BY_MERCHANT for row in rows)


def _story(rows: Iterable[Action]) -> str:
    told = [f"{r.kind} {r.state} ({r.reason.code}, attempt {r.attempt})" for r in rows]
    return "; ".join(told) or "no row"
