"""A mail as customers get it, written from the newest order, for the merchant's eyes only."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from app.automations.base import SettingsModel
from app.automations.milestone_coupon import MilestoneCoupon, MilestoneCouponSettings
from app.channels.base import OutgoingMail
from app.channels.messages import MilestoneCouponMail, ReviewRequestMail
from app.channels.render import RenderedMail, render
from app.channels.texts import Sources
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.ids import ActionId
from app.domain.milestones import Milestone
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnState
from app.domain.snapshots import Line, OrderSnapshot, Person
from app.i18n import Language
from app.pipeline.effects import return_mails
from app.pipeline.effects.base import Work
from app.pipeline.effects.mail import Letter
from app.pipeline.effects.mails import coupon_mail, review_request
from app.pipeline.runtime import Runtime
from app.services.switching import stored

_ITEMS = 3  # enough to see how a list looks


def address(rt: Runtime, shop: Shop) -> str | None:
    """Where test mails go: the verified address of whoever is signed in, the shop's owner."""
    with rt.db.read() as uow:
        return Shops(uow).owner_email(shop.id)


def example(
    rt: Runtime,
    shop: Shop,
    kind: str,
    language: Language | None = None,
    texts: Sources | None = None,
) -> RenderedMail | None:
    """The words of a mail; None for a kind that has no example.

    In the order's language if no other is asked for; `texts`: with these instead of the stored.
    """
    letter = letter_of(rt, shop, kind, "test@test.invalid", language)
    if letter is None:
        return None
    own = _own_texts(rt, shop, letter) if texts is None else texts
    return render(letter.mail, own, test=True)


def send(rt: Runtime, shop: Shop, kind: str, to: str, language: Language | None = None) -> None:
    """Send it now. Raises what the mail transport raises."""
    letter = letter_of(rt, shop, kind, to, language)
    if letter is None:
        return
    words = render(letter.mail, _own_texts(rt, shop, letter), test=True)
    domain = rt.mail_from.rpartition("@")[2]
    rt.mail.send(
        OutgoingMail(
            message_id=f"<{secrets.token_hex(16)}@{domain}>",
            date=rt.business.now(),
            from_name=letter.from_name,
            from_address=rt.mail_from,
            reply_to=letter.reply_to,
            to_address=to,
            subject=words.subject,
            html=words.html,
            text=words.text,
            kind=letter.mail.kind,
            lang=letter.mail.lang,
        )
    )


def _own_texts(rt: Runtime, shop: Shop, letter: Letter) -> Sources | None:
    with rt.db.read() as uow:
        own = ShopData(uow, shop.id).templates.current(letter.mail.kind, letter.mail.lang)
    return own.texts if own else None


def has_order(rt: Runtime, shop: Shop) -> bool:
    """Whether examples are written from an order of the shop; else one is made up."""
    with rt.db.read() as uow:
        return _newest(ShopData(uow, shop.id)) is not None


def _newest(data: ShopData) -> OrderSnapshot | None:
    newest = data.reports.recent_orders(1)
    return newest[0][0] if newest and newest[0][0].lines else None


def letter_of(
    rt: Runtime, shop: Shop, kind: str, to: str, language: Language | None = None
) -> Letter | None:
    """The letter as the newest order would bring it; None for a kind that has no example."""
    compose = EXAMPLES.get(kind)
    if compose is None:
        return None
    with rt.db.read() as uow:
        data = ShopData(uow, shop.id)
        order = _newest(data) or _sample_order(rt, shop)
        name = data.orders.person(order.order_id).first_name
    letter = compose(rt, shop, replace(order, person=Person(email=to, first_name=name)))
    mail = letter.mail
    return replace(letter, mail=replace(mail, lang=language)) if language else letter


def _review_request(rt: Runtime, shop: Shop, order: OrderSnapshot) -> Letter:
    return review_request(_work(rt, shop, order, ActionKind.REVIEW_REQUEST_MAIL, _items(order)))


def _coupon(rt: Runtime, shop: Shop, order: OrderSnapshot) -> Letter:
    with rt.db.read() as uow:
        settings = stored(ShopData(uow, shop.id), MilestoneCoupon.key).values
    return coupon_mail(_work(rt, shop, order, ActionKind.COUPON_MAIL, _terms(rt, shop, settings)))


def _return(
    compose: return_mails.Compose,
    state: ReturnState,
    rt: Runtime,
    shop: Shop,
    order: OrderSnapshot,
) -> Letter:
    work = _work(rt, shop, order, ActionKind.RETURN_RECEIPT_MAIL, {})
    return return_mails.example(work, compose, state)


EXAMPLES: Mapping[str, Callable[[Runtime, Shop, OrderSnapshot], Letter]] = {
    ReviewRequestMail.kind: _review_request,
    MilestoneCouponMail.kind: _coupon,
    **{
        kind: partial(_return, compose, state)
        for kind, (compose, state) in return_mails.EXAMPLES.items()
    },
}
"""How each kind of mail is written for the merchant's eyes; a test wants one for each that has
`fields`."""


def _items(order: OrderSnapshot) -> dict[str, object]:
    return {
        "items": [
            {
                "line_id": line.line_id,
                "product_id": line.product_id,
                "title": line.title,
                "variant": line.variant_title,
            }
            for line in order.lines[:_ITEMS]
        ]
    }


def _terms(rt: Runtime, shop: Shop, settings: SettingsModel) -> dict[str, object]:
    if not isinstance(settings, MilestoneCouponSettings):
        raise TypeError(f"{type(settings).__name__} are not the settings of milestone coupons")
    milestones = settings.milestones(shop.currency) or [Milestone("orders", 3)]
    reward, zone = settings.reward(shop.currency), ZoneInfo(shop.timezone)
    code = "-".join(part for part in (settings.code_prefix, "SAMPLE") if part)
    return {**reward.terms(milestones[-1], rt.business.now(), zone), "code": code}


def _work(
    rt: Runtime, shop: Shop, order: OrderSnapshot, kind: ActionKind, payload: dict[str, object]
) -> Work:
    """What an effect is given; no such row exists."""
    now = rt.business.now()
    action = Action(
        id=ActionId(0),
        kind=kind,
        automation="",
        dedupe_key="",
        state=ActionState.PERFORMING,
        due_at=now,
        useful_until=None,
        revision=0,
        attempt=1,
        order_id=order.order_id,
        customer_id=None,
        settings_version=0,
        reason=Reason.of(ReasonCode.REQUESTED),
        created_at=now,
        payload=payload,
    )
    return Work(rt, shop, action, order, now)


def _sample_order(rt: Runtime, shop: Shop) -> OrderSnapshot:
    """For a shop without orders."""
    price = Money(2_500, shop.currency)
    titles = ("Peştemal Ege", "Bakır cezve")
    return OrderSnapshot(
        order_id="sample",
        number="1001",
        version=None,
        status="",
        placed_at=rt.business.now(),
        total=price,
        person=Person(),
        lines=tuple(Line(str(n), str(n), title, 1, price) for n, title in enumerate(titles)),
    )
