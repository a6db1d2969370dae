"""What mails about returns say: from an action and its return to the content of a mail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from app.channels.links import Purpose
from app.channels.return_messages import (
    ReturnApprovedMail,
    ReturnDeclinedMail,
    ReturnEndedMail,
    ReturnItem,
    ReturnMail,
    ReturnReceiptMail,
    ReturnReceivedMail,
    ReturnRefundedMail,
    WithdrawalReceiptMail,
)
from app.db.returns import ReturnRow
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.errors import Bug, Refused
from app.domain.ids import ReturnId
from app.domain.money import Money
from app.domain.returns import (
    ReturnKind,
    ReturnLine,
    ReturnOrigin,
    ReturnReason,
    ReturnState,
    ReturnWords,
)
from app.domain.snapshots import OrderSnapshot, Person
from app.i18n import Language, Translator, negotiate
from app.pipeline.effects.base import Work
from app.pipeline.effects.mail import Letter
from app.pipeline.effects.mails import answers_to, brand
from app.pipeline.returns.terms import (
    cost_of,
    declined_because,
    right_to_withdraw,
    send_back_by,
    settings_now,
)
from app.pipeline.runtime import Runtime


@dataclass(frozen=True)
class Told:
    """A return with all that a mail about it can say."""

    rt: Runtime
    shop: Shop
    row: ReturnRow
    lines: tuple[ReturnLine, ...]
    words: ReturnWords
    order: OrderSnapshot | None

    @property
    def language(self) -> Language:
        """The language in which it was asked for, else the order's, else the shop's."""
        of_order = self.order.locale if self.order else None
        return negotiate(self.row.locale or of_order or self.shop.language)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days and times are named."""
        return ZoneInfo(self.shop.timezone)

    @property
    def items(self) -> tuple[ReturnItem, ...]:
        """What comes back."""
        return tuple(ReturnItem(x.title, x.quantity, x.variant) for x in self.lines)

    @property
    def status_url(self) -> str:
        """The page of this return."""
        place = {"s": self.shop.public_ref, "r": self.row.public_ref}
        return self.rt.links.make(Purpose.RETURN_STATUS, place)

    @property
    def withdraw_url(self) -> str | None:
        """Where to withdraw from the order, while the law grants it."""
        if self.order is None or self.row.kind is ReturnKind.WITHDRAWAL:
            return None
        if right_to_withdraw(self.order, self.shop, self.rt.business.now()) is None:
            return None
        place = {"s": self.shop.public_ref, "o": self.order.order_id}
        return f"{self.rt.links.make(Purpose.RETURN, place)}/withdraw"


class Compose(Protocol):
    """Writes one kind of mail about a return."""

    def __call__(self, told: Told, shared: dict[str, Any]) -> ReturnMail:
        """`shared` is what all of these mails have."""
        ...


def about_return(compose: Compose) -> "_AboutReturn":
    """A mail about the return that the action names."""
    return _AboutReturn(compose)


@dataclass(frozen=True)
class _AboutReturn:
    compose: Compose

    def __call__(self, work: Work) -> Letter:
        return letter(work, read(work), self.compose)


def letter(work: Work, told: Told, compose: Compose) -> Letter:
    """The mail to whoever asked: the order's person, else the address of the declaration."""
    person = told.order.person if told.order else Person(email=told.words.email)
    shared = {
        "lang": told.language,
        "shop": brand(work),
        "return_name": told.row.name,
        "order_number": told.order.number if told.order else told.words.order_number,
        "items": told.items,
        "status_url": told.status_url,
    }
    return addressed(work, compose(told, shared), person)


def read(work: Work) -> Told:
    """The return of an action, opened."""
    with work.rt.db.read() as uow:
        found = ShopData(uow, work.shop.id).returns
        row = found.get(ReturnId(int(work.action.payload["return_id"])))
        if row is None:
            raise Bug("the return of this action is not in our table")
        lines, words = found.lines([row.id]).get(row.id, ()), found.words(row)
    return Told(work.rt, work.shop, row, lines, words, work.order)


def receipt(told: Told, shared: dict[str, Any]) -> ReturnReceiptMail:
    """It is here; a person looks at it."""
    return ReturnReceiptMail(**shared, **_more(told))


def approved(told: Told, shared: dict[str, Any]) -> ReturnApprovedMail:
    """What to do, and who pays for it."""
    with told.rt.db.read() as uow:
        settings = settings_now(ShopData(uow, told.shop.id))
    cost = cost_of(settings, told.row, told.lines, told.shop)
    withdrawal = told.row.kind is ReturnKind.WITHDRAWAL
    return ReturnApprovedMail(
        **shared,
        **_more(told),
        who_pays=cost.paid_by.value,
        fee=cost.fee,
        send_by=send_back_by(told.shop, told.row) if withdrawal else None,
        send_to=settings.send_back_to or told.shop.postal_address or "",
        answer=told.words.answer,
    )


def declined(told: Told, shared: dict[str, Any]) -> ReturnDeclinedMail:
    """Why not, kindly; and the right that is left."""
    period = right_to_withdraw(told.order, told.shop, told.rt.business.now())
    return ReturnDeclinedMail(
        **shared,
        **_more(told),
        reason=declined_because(told.row, Translator(told.language), told.zone),
        answer=told.words.answer,
        withdraw_until=period.last_day if period else None,
    )


def received(told: Told, shared: dict[str, Any]) -> ReturnReceivedMail:
    """The goods are back."""
    return ReturnReceivedMail(**shared, **_more(told))


def refunded(told: Told, shared: dict[str, Any]) -> ReturnRefundedMail:
    """The money went back; the amount where the store told of it."""
    return ReturnRefundedMail(**shared, **_more(told), amount=_paid_back(told))


def ended(told: Told, shared: dict[str, Any]) -> ReturnEndedMail:
    """It ended without money."""
    cancelled = told.row.state is ReturnState.CANCELLED
    return ReturnEndedMail(**shared, **_more(told), cancelled=cancelled, answer=told.words.answer)


def withdrawal(told: Told, shared: dict[str, Any]) -> WithdrawalReceiptMail:
    """Proof of a withdrawal, with what was declared."""
    person = told.order.person if told.order else Person()
    named = " ".join(part for part in (person.first_name, person.last_name) if part)
    if told.words.goods:  # what was declared; the items are only what we make of it
        shared = {**shared, "items": ()}
    return WithdrawalReceiptMail(
        **shared,
        received_at=told.row.requested_at,
        zone=told.zone,
        name=told.words.name or named,
        email=told.words.email or person.email or "",
        goods=told.words.goods,
        send_by=send_back_by(told.shop, told.row),
    )


def _more(told: Told) -> dict[str, Any]:
    """What only mails about the way of a return have."""
    return {
        "first_name": told.order.person.first_name if told.order else None,
        "withdraw_url": told.withdraw_url,
    }


def _paid_back(told: Told) -> Money | None:
    """What went back since it was asked for; None where the store did not tell."""
    if told.order is None:
        return None
    since = told.row.requested_at
    sums = [x.amount for x in told.order.refunds if x.created_at and x.created_at >= since]
    currency = told.order.total.currency
    return Money(sum(amount.minor for amount in sums), currency) if sums else None


def addressed(work: Work, mail: ReturnMail, person: Person) -> Letter:
    """A letter to a person; answers go to the merchant."""
    if not (person.email or "").strip():
        raise Refused("no_address", "There is no e-mail address")
    name = " ".join(part for part in (person.first_name, person.last_name) if part)
    return Letter(
        mail=mail,
        to_address=(person.email or "").strip(),
        to_name=name or None,
        from_name=work.shop.sender,
        reply_to=answers_to(work),
    )


EXAMPLES: Mapping[str, tuple[Compose, ReturnState]] = {
    ReturnReceiptMail.kind: (receipt, ReturnState.HELD),
    ReturnApprovedMail.kind: (approved, ReturnState.APPROVED),
    ReturnDeclinedMail.kind: (declined, ReturnState.DECLINED),
    ReturnReceivedMail.kind: (received, ReturnState.RECEIVED),
    ReturnRefundedMail.kind: (refunded, ReturnState.REFUNDED),
    ReturnEndedMail.kind: (ended, ReturnState.CLOSED),
}
"""Which mails a merchant may see beforehand, and where the return of the example stands."""


def example(work: Work, compose: Compose, state: ReturnState) -> Letter:
    """A mail about a return of the order's first item; no such return exists."""
    order = work.the_order
    lines = tuple(
        ReturnLine(x.line_id, x.title, 1, ReturnReason.UNWANTED, x.total, x.variant_title)
        for x in order.lines[:1]
    )
    row = ReturnRow(
        id=ReturnId(0),
        number=42,
        public_ref="example",
        order_id=order.order_id,
        customer_id=None,
        kind=ReturnKind.RETURN,
        origin=ReturnOrigin.CUSTOMER,
        state=state,
        platform_ref=None,
        decided_by=None,
        ruling=None,
        value=lines[0].value if lines else Money.zero(order.total.currency),
        locale=None,
        sealed=None,
        email_hash=None,
        revision=1,
        requested_at=work.now,
        decided_at=work.now,
        received_at=work.now,
        ended_at=None,
    )
    return letter(work, Told(work.rt, work.shop, row, lines, ReturnWords(), order), compose)
