"""What mails about returns say: from an action and its return to the content of a mail."""

from app.channels.return_messages import ReturnCodeMail
from app.db.otp import Lookup
from app.db.tenant import ShopData
from app.domain.errors import Refused
from app.domain.snapshots import OrderSnapshot
from app.i18n import negotiate
from app.pipeline.effects.base import Work
from app.pipeline.effects.mail import Letter
from app.pipeline.effects.mails import brand, owner

CODE_MINUTES = 10
NO_SUCH_ORDER = "no_such_order"


def return_code(work: Work) -> Letter:
    """The code of a look-up, to the order's own address; nobody is mailed where no order was
    found.
    """
    lookup, order = _looked_up(work)
    mail = ReturnCodeMail(
        lang=negotiate(str(work.action.payload["lang"])),
        shop=brand(work),
        order_number=order.number,
        code=lookup.code,
        minutes=CODE_MINUTES,
        page_url=(
            f"{work.rt.links.public_url}/c/{work.shop.public_ref}/return/{lookup.public_ref}"
            f"?lang={work.action.payload['lang']}"
        ),
    )
    with work.rt.db.read() as uow:
        email = ShopData(uow, work.shop.id).orders.person(order.order_id).email
    return _letter(work, mail, email)


def _looked_up(work: Work) -> tuple[Lookup, OrderSnapshot]:
    with work.rt.db.read() as uow:
        data = ShopData(uow, work.shop.id)
        lookup = data.codes.get(int(work.action.payload["lookup"]))
        stored = data.orders.get(lookup.order_id) if lookup and lookup.order_id else None
    if lookup is None or stored is None:
        raise Refused(NO_SUCH_ORDER, "No order has this number and address")
    return lookup, stored.order


def _letter(work: Work, mail: ReturnCodeMail, email: str | None) -> Letter:
    if not email:
        raise Refused("no_address", "There is no e-mail address")
    return Letter(
        mail=mail,
        to_address=email.strip(),
        to_name=None,
        from_name=work.shop.name,
        reply_to=owner(work),
    )
