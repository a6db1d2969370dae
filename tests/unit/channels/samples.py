from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.channels.base import OutgoingMail
from app.channels.brand import ShopBrand
from app.channels.messages import (
    DataExportMail,
    Mail,
    Milestone,
    MilestoneCouponMail,
    ReviewItem,
    ReviewRequestMail,
    SignInLinkMail,
)
from app.channels.return_messages import (
    ReturnApprovedMail,
    ReturnCodeMail,
    ReturnDeclinedMail,
    ReturnEndedMail,
    ReturnItem,
    ReturnReceiptMail,
    ReturnReceivedMail,
    ReturnRefundedMail,
    WithdrawalReceiptMail,
)
from app.domain.money import Money
from app.i18n import Language

MAIL = OutgoingMail(
    message_id="<3f9c2b7a51d84e0c@mail.afterglow.example>",
    date=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    from_name="Çınar & Breza, s.r.o.",
    from_address="shops@mail.afterglow.example",
    reply_to="ahoj@cinar-breza.example",
    to_address="zofia.novakova@posta.example",
    to_name="Žofia Nováková",
    subject="Žofia, how is your Peştemal Ege?",
    html="<p>" + "How are your things, Žofia? " * 60 + "</p>",
    text=".first line\nHow are your things, Žofia?\n..\n",
    kind="review_request",
    lang="en",
    marketing=True,
    unsubscribe_url="https://afterglow.example/u/" + "Ab-9_" * 50,
    unsubscribe_mailto="mailto:stop@mail.afterglow.example?subject=" + "k7" * 30,
    headers={"X-Afterglow-Action": "act_91827"},
)


def mail(**fields: Any) -> OutgoingMail:
    """A valid review request with the named fields changed."""
    return replace(MAIL, **fields)


SHOP = ShopBrand(
    name="Çınar & Breza",
    url="https://cinar-breza.example/",
    colour="#8a2f3c",
    postal_address="Çınar & Breza s.r.o., Dolná 14, 969 01 Banská Štiavnica, Slovakia",
    reply_to="ahoj@cinar-breza.example",
)
TOKEN = "eyJhIjoxMjM0NSwiaSI6MX0.aTxQ3g.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9v"


def item(name: str = "Peştemal Ege", **fields: Any) -> ReviewItem:
    """One bought thing with five links."""
    links = tuple(f"https://afterglow.example/r/{TOKEN}?item=7&stars={n}" for n in range(1, 6))
    return ReviewItem(**{"name": name, "star_urls": links, "variant": "indigo"} | fields)


def review_request(**fields: Any) -> ReviewRequestMail:
    """A review request for two things, delivered a week ago."""
    content: dict[str, Any] = {
        "lang": "en",
        "shop": SHOP,
        "order_number": "#4187",
        "first_name": "Žofia",
        "delivered_on": date(2026, 11, 17),
        "items": (
            item(image_url="https://img.example/pestemal.svg", image_alt="Indigo cotton towel"),
            item("Bakır cezve", variant="copper, 3 cups"),
        ),
        "review_url": f"https://afterglow.example/r/{TOKEN}",
        "unsubscribe_url": f"https://afterglow.example/u/{TOKEN}",
        "preferences_url": f"https://afterglow.example/p/{TOKEN}",
    }
    return ReviewRequestMail(**content | fields)


def coupon(**fields: Any) -> MilestoneCouponMail:
    """Ten percent for the third order."""
    content: dict[str, Any] = {
        "lang": "en",
        "shop": SHOP,
        "milestone": Milestone("orders", 3),
        "code": "THANKS-7QK4-M2XW",
        "discount": 10,
        "expires_on": date(2027, 2, 23),
        "shop_url": "https://cinar-breza.example/",
        "unsubscribe_url": f"https://afterglow.example/u/{TOKEN}",
        "first_name": "Žofia",
        "minimum": Money(3000, "EUR"),
    }
    return MilestoneCouponMail(**content | fields)


def sign_in(**fields: Any) -> SignInLinkMail:
    """A merchant's link, good for 15 minutes."""
    content: dict[str, Any] = {
        "lang": "en",
        "store_name": "Çınar & Breza",
        "sign_in_url": f"https://afterglow.example/sign-in/{TOKEN}",
        "minutes": 15,
    }
    return SignInLinkMail(**content | fields)


def data_export(**fields: Any) -> DataExportMail:
    """A customer's data, asked for under a request number."""
    content: dict[str, Any] = {
        "lang": "en",
        "store_name": "Çınar & Breza",
        "download_url": f"https://afterglow.example/export/{TOKEN}",
        "expires_on": date(2026, 12, 1),
        "request": "DR-102",
    }
    return DataExportMail(**content | fields)


Returned = TypeVar(
    "Returned",
    ReturnReceiptMail,
    ReturnApprovedMail,
    ReturnDeclinedMail,
    ReturnReceivedMail,
    ReturnRefundedMail,
    ReturnEndedMail,
)


def returned(kind: type[Returned], **fields: Any) -> Returned:
    """A mail about the return of two towels."""
    content: dict[str, Any] = {
        "lang": "en",
        "shop": SHOP,
        "return_name": "RMA-1042",
        "order_number": "#4187",
        "items": (ReturnItem("Peştemal Ege", 2, "indigo"), ReturnItem("Bakır cezve", 1)),
        "status_url": f"https://afterglow.example/return-status/{TOKEN}",
        "first_name": "Žofia",
        "withdraw_url": f"https://afterglow.example/return/{TOKEN}/withdraw",
    }
    return kind(**content | fields)


APPROVED: dict[str, Any] = {
    "send_by": date(2026, 12, 7),
    "who_pays": "customer",
    "send_to": "Çınar & Breza\nDolná 14\n969 01 Banská Štiavnica\n\nAny packaging will do.",
    "answer": "Sorry about the seam: this batch had a fault.",
}


def return_code(**fields: Any) -> ReturnCodeMail:
    """A code that works for ten minutes."""
    content: dict[str, Any] = {
        "lang": "en",
        "shop": SHOP,
        "order_number": "#4187",
        "code": "048213",
        "minutes": 10,
        "page_url": "https://afterglow.example/c/3f9c2b7a51d8/return/84e0c3f9c2b7",
    }
    return ReturnCodeMail(**content | fields)


def withdrawal(**fields: Any) -> WithdrawalReceiptMail:
    """Proof of a withdrawal from one contract, in the shop's winter time."""
    content: dict[str, Any] = {
        "lang": "en",
        "shop": SHOP,
        "return_name": "RMA-1043",
        "received_at": datetime(2026, 11, 24, 9, 0, 5, tzinfo=UTC),
        "zone": ZoneInfo("Europe/Bratislava"),
        "name": "Žofia Nováková",
        "email": "zofia@posta.example",
        "order_number": "#4187",
        "status_url": f"https://afterglow.example/return-status/{TOKEN}",
        "items": (ReturnItem("Peştemal Ege", 2, "indigo"),),
        "send_by": date(2026, 12, 8),
    }
    return WithdrawalReceiptMail(**content | fields)


def return_mails(lang: Language) -> list[Mail]:
    """Each kind of mail about returns, with much and with little known."""
    little: dict[str, Any] = {"lang": lang, "first_name": None, "withdraw_url": None, "items": ()}
    declined = {"reason": "The time for returning it is over.", "answer": "Sorry.\nWrite to us."}
    return [
        return_code(lang=lang),
        returned(ReturnReceiptMail, lang=lang),
        returned(ReturnReceiptMail, **little, order_number=""),
        returned(ReturnApprovedMail, lang=lang, **APPROVED),
        returned(ReturnApprovedMail, **little, who_pays="fee", fee=Money(500, "EUR")),
        returned(ReturnDeclinedMail, lang=lang, **declined, withdraw_until=date(2026, 12, 1)),
        returned(ReturnDeclinedMail, lang=lang, **declined),
        returned(ReturnDeclinedMail, **little, reason="Gift cards cannot be returned."),
        returned(ReturnReceivedMail, lang=lang),
        returned(ReturnRefundedMail, lang=lang, amount=Money(7_600, "EUR")),
        returned(ReturnRefundedMail, **little),
        returned(ReturnEndedMail, lang=lang, answer="Kept for you until January."),
        returned(ReturnEndedMail, **little, cancelled=True),
        withdrawal(lang=lang),
        withdrawal(lang=lang, items=(), goods="Two towels\nOne pot", order_number=""),
        withdrawal(lang=lang, items=(), send_by=None),
    ]


def every_mail(lang: Language) -> list[Mail]:
    """Each kind of mail, with each of its milestones and with as little known as possible."""
    return [
        review_request(lang=lang),
        review_request(
            lang=lang, first_name=None, delivered_on=None, preferences_url=None, items=(item(),)
        ),
        coupon(lang=lang),
        coupon(lang=lang, milestone=Milestone("spend", Money(50000, "EUR")), first_name=None),
        coupon(
            lang=lang,
            milestone=Milestone("anniversary", 1),
            discount=Money(1000, "EUR"),
            minimum=None,
        ),
        sign_in(lang=lang),
        data_export(lang=lang),
        data_export(lang=lang, request=None),
        *return_mails(lang),
    ]
