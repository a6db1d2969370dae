"""What each mail says: from an action and its order to the content that a template renders."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.channels.brand import DEFAULT_COLOUR, ShopBrand
from app.channels.email import can_carry
from app.channels.links import Purpose
from app.channels.messages import (
    DataExportMail,
    Milestone,
    MilestoneCouponMail,
    ReviewItem,
    ReviewRequestMail,
    SignInLinkMail,
)
from app.db import nonces
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.errors import Refused
from app.domain.money import Money
from app.i18n import Language, negotiate
from app.pipeline.effects.base import Work
from app.pipeline.effects.mail import Letter

SIGN_IN_MINUTES = 20
SIGN_IN = "sign-in"


def review_request(work: Work) -> Letter:
    """One mail for all reviewable items of an order."""
    order, links = work.the_order, work.rt.links
    with work.rt.db.read() as uow:
        ids = [str(item["product_id"]) for item in work.action.payload["items"]]
        products = ShopData(uow, work.shop.id).products.many(ids)
    place = {"s": work.shop.public_ref, "o": order.order_id}
    items = tuple(
        ReviewItem(
            name=str(item["title"]),
            variant=item.get("variant"),
            image_url=product.image_url if (product := products.get(item["product_id"])) else None,
            image_alt=str(item["title"]),
            star_urls=_stars(work, place, str(item["line_id"])),
        )
        for item in work.action.payload["items"]
    )
    delivered = [f.delivered_at for f in order.fulfilments if f.delivered_at]
    last = max(delivered) if delivered else order.delivered_at
    mail = ReviewRequestMail(
        lang=language(work),
        shop=brand(work),
        order_number=order.number,
        items=items,
        review_url=links.make(Purpose.REVIEW, place),
        first_name=order.person.first_name,
        delivered_on=last.astimezone(ZoneInfo(work.shop.timezone)).date() if last else None,
        **_choices(work, "review_request"),
    )
    return _to_customer(work, mail)


def _stars(work: Work, place: dict[str, str], line_id: str) -> tuple[str, str, str, str, str]:
    make = work.rt.links.make
    one, two, three, four, five = (
        make(Purpose.REVIEW, place, item=line_id, stars=str(stars)) for stars in range(1, 6)
    )
    return one, two, three, four, five


def coupon_mail(work: Work) -> Letter:
    """The code of a milestone, with its terms."""
    terms = work.action.payload
    minimum = terms.get("minimum_minor")
    currency = str(terms.get("currency") or work.shop.currency)
    expires = datetime.fromisoformat(str(terms["expires_at"]))
    mail = MilestoneCouponMail(
        lang=language(work),
        shop=brand(work),
        milestone=_milestone(str(terms["milestone_key"])),
        code=str(terms["code"]),
        discount=terms["percent"] if terms.get("percent") else Money(terms["minor"], currency),
        expires_on=expires.astimezone(ZoneInfo(work.shop.timezone)).date(),
        shop_url=work.shop.url,
        first_name=work.the_order.person.first_name,
        minimum=Money(minimum, currency) if minimum else None,
        **_choices(work, "coupon"),
    )
    return _to_customer(work, mail)


def _milestone(key: str) -> Milestone:
    match key.split(":"):
        case ["orders", count]:
            return Milestone("orders", int(count))
        case ["spend", currency, minor]:
            return Milestone("spend", Money(int(minor), currency))
        case ["anniversary", years]:
            return Milestone("anniversary", int(years))
        case _:
            raise ValueError(f"unknown milestone {key}")


def sign_in(work: Work) -> Letter:
    """A one-time link for the merchant; minted at sending, so that it is never stored."""
    with work.rt.db.write() as uow:
        expires = work.rt.wall.now() + timedelta(minutes=SIGN_IN_MINUTES)
        token = nonces.mint(uow, SIGN_IN, {}, expires, work.shop.id)
    mail = SignInLinkMail(
        lang=negotiate(work.shop.language),
        store_name=work.shop.name or work.shop.domain,
        sign_in_url=f"{work.rt.links.public_url}/sign-in/{token}",
        minutes=SIGN_IN_MINUTES,
    )
    return _to_merchant(work, mail)


def export_mail(work: Work) -> Letter:
    """A file with a customer's data is ready for the merchant."""
    payload = work.action.payload
    mail = DataExportMail(
        lang=negotiate(work.shop.language),
        store_name=work.shop.name or work.shop.domain,
        download_url=work.rt.links.make(Purpose.EXPORT, {"t": str(payload["export"])}),
        expires_on=datetime.fromisoformat(str(payload["expires_at"])).date(),
        request=str(payload["request"]) if payload.get("request") else None,
    )
    return _to_merchant(work, mail)


def brand(work: Work) -> ShopBrand:
    """Who the mail is from, as the reader sees it."""
    shop = work.shop
    return ShopBrand(
        name=shop.sender,
        url=shop.url,
        colour=shop.colour or DEFAULT_COLOUR,
        logo_url=shop.logo_url,
        postal_address=shop.postal_address,
        reply_to=answers_to(work),
    )


def language(work: Work) -> Language:
    """The order's language, else the shop's."""
    order = work.order
    return negotiate(order.locale if order and order.locale else work.shop.language)


def _choices(work: Work, scope: str) -> dict[str, str]:
    """Unsubscribe (one click) and preferences, by the hash of the address."""
    with work.rt.db.read() as uow:
        customers = ShopData(uow, work.shop.id).customers
        value_hash = customers.email_hash(work.the_order.person.email)
    who = {"s": work.shop.public_ref, "h": value_hash or ""}
    links = work.rt.links
    return {
        "unsubscribe_url": links.make(Purpose.UNSUBSCRIBE, {**who, "k": scope}),
        "preferences_url": links.make(Purpose.PREFERENCES, who),
    }


def _to_customer(work: Work, mail: ReviewRequestMail | MilestoneCouponMail) -> Letter:
    person = work.the_order.person
    if not person.email:
        raise Refused("no_address", "The order has no e-mail address")
    name = " ".join(part for part in (person.first_name, person.last_name) if part)
    return Letter(
        mail=mail,
        to_address=person.email.strip(),
        to_name=name or None,
        from_name=work.shop.sender,
        reply_to=mail.shop.reply_to,
        unsubscribe_url=mail.unsubscribe_url,
    )


def _to_merchant(work: Work, mail: SignInLinkMail | DataExportMail) -> Letter:
    to = owner(work)
    if not to:
        raise Refused("no_address", "The shop has no verified owner's address")
    return Letter(mail=mail, to_address=to, to_name=None, from_name="Afterglow", reply_to=None)


def answers_to(work: Work) -> str | None:
    """Where customers' answers go: the address that the merchant chose, else the owner's.

    The store tells us the owner's, whatever it is: one that no header can hold stops no mail.
    """
    with work.rt.db.read() as uow:
        shops = Shops(uow)
        known = shops.reply_to(work.shop.id) or shops.owner_email(work.shop.id)
    return known if known and can_carry(known) else None


def owner(work: Work) -> str | None:
    """The merchant's own verified address."""
    with work.rt.db.read() as uow:
        return Shops(uow).owner_email(work.shop.id)
