"""The mail with the code by which a customer proves an address."""

from app.channels.return_messages import ReturnCodeMail
from app.db.otp import Lookup
from app.db.tenant import ShopData
from app.domain.errors import Refused
from app.domain.snapshots import OrderSnapshot, Person
from app.i18n import negotiate
from app.pipeline.effects.base import Work
from app.pipeline.effects.mail import Letter
from app.pipeline.effects.mails import brand
from app.pipeline.effects.return_mails import addressed

CODE_MINUTES = 10
NO_SUCH_ORDER = "no_such_order"


def return_code(work: Work) -> Letter:
    """The code of a look-up, to the order's own address; nobody is mailed where no order was
    found.
    """
    lookup, order, person = _looked_up(work)
    language = negotiate(str(work.action.payload["lang"]))
    page = f"{work.rt.links.public_url}/c/{work.shop.public_ref}/return/{lookup.public_ref}"
    mail = ReturnCodeMail(
        lang=language,
        shop=brand(work),
        order_number=order.number,
        code=lookup.code,
        minutes=CODE_MINUTES,
        page_url=f"{page}?lang={language}",
    )
    return addressed(work, mail, person)


def _looked_up(work: Work) -> tuple[Lookup, OrderSnapshot, Person]:
    with work.rt.db.read() as uow:
        data = ShopData(uow, work.shop.id)
        lookup = data.codes.waiting(str(work.action.payload["lookup"]), work.rt.wall.now())
        stored = data.orders.get(lookup.order_id) if lookup and lookup.order_id else None
        if lookup is None or stored is None:
            raise Refused(NO_SUCH_ORDER, "No order has this number and address")
        return lookup, stored.order, data.orders.person(lookup.order_id)
