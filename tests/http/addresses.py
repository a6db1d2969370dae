"""Every address of the application, leading to something of one shop; and all that is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from werkzeug.routing import Rule

from app.channels.links import Purpose
from app.customer_pages.withdrawal_form import Receipt, sealed
from app.db.models import metadata, otp_codes
from app.db.return_lists import Wanted
from app.db.returns import NewReturn
from app.deps import Deps
from app.domain.money import Money
from app.domain.returns import ReturnKind, ReturnLine, ReturnOrigin, ReturnReason, ReturnState
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order

_PAID = Money(3_000, "EUR")
RETURN = NewReturn(
    kind=ReturnKind.RETURN,
    origin=ReturnOrigin.CUSTOMER,
    state=ReturnState.HELD,
    lines=(ReturnLine("11", "Peştemal Ege", 1, ReturnReason.UNWANTED, _PAID),),
    value=_PAID,
    requested_at=NOW,
    order_id="4100",
)


@contextmanager
def busy_shop(database_url: str, data_dir: Path) -> Iterator[MerchantShop]:
    """With an order, what was planned for it, a return, a parked delivery and a mail."""
    with merchant_shop(database_url, data_dir) as found:
        found.switch_on()
        found.take(order(0))
        found.park(b'{"id": 7}')
        with found.write() as data:  # with nothing due, for which a page would wait
            data.returns.add(RETURN)
            data.codes.add("4100", "048213", NOW, NOW + timedelta(minutes=10))
        found.post("/app/automations/review_request/test")
        yield found


def rules(shop: MerchantShop, method: str, below: str = "/") -> list[Rule]:
    """All rules that take the method, those of other hosts' files excepted."""
    known = shop.app.url_map.iter_rules()
    return [r for r in known if method in (r.methods or ()) and str(r).startswith(below)]


def path_of(shop: MerchantShop, rule: Rule, **other: Any) -> str:
    """An address of this rule that leads to something of the shop."""
    ref = shop.shop.public_ref
    with shop.read() as data:
        who = data.customers.email_hash("kunde0@posta.example") or ""
        customer_id = data.customers.find_email("kunde0@posta.example")
        row = data.return_lists.page(Wanted(frozenset(ReturnState)), 1)[0]
        lookup = data.uow.connection.execute(select(otp_codes.c.public_ref)).scalar()
    links = {
        "/return/": (Purpose.RETURN, {"s": ref, "o": "4100"}),
        "/return-status/": (Purpose.RETURN_STATUS, {"s": ref, "r": row.public_ref}),
        "/r/": (Purpose.REVIEW, {"s": ref, "o": "4100"}),
        "/p/": (Purpose.PREFERENCES, {"s": ref, "h": who}),
        "/u/": (Purpose.UNSUBSCRIBE, {"s": ref, "h": who, "k": "coupon"}),
        "/x/": (Purpose.EXPORT, {"t": "unknown"}),
    }
    below = str(rule).partition("<")[0]
    if below in links:
        link = urlsplit(shop.deps.links.make(*links[below])).path.removeprefix(below)
    else:
        receipt = Receipt("Žofia", "kunde0@posta.example", "4100", "", NOW)
        link = sealed(shop.deps.db.keyring, shop.shop, receipt)
    values = {
        "order_id": "4100",
        "customer_id": customer_id,
        "action_id": shop.action("4100").id,
        "key": "review_request",
        "message": "review_request",
        "language": "sk",
        "shop_ref": ref,
        "platform": "woocommerce",
        "path": "app/activity",
        "filename": "kit.css",
        "mail_id": shop.mails()[0].id,
        "token": link,
        "lookup_ref": lookup or "",
        "return_id": row.id,
        "step": "approve",
        "word": "cancel",
        **other,
    }
    return str(rule.build({n: values[n] for n in rule.arguments}, append_unknown=False)[1])  # type: ignore[index]


def rows_of(deps: Deps) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with deps.db.read() as uow:
        return {
            table.name: sorted(
                (tuple(row) for row in uow.connection.execute(select(table))), key=repr
            )
            for table in metadata.sorted_tables
        }
