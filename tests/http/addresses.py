"""Every address of the application, leading to something of one shop; and all that is stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from werkzeug.routing import Rule

from app.channels.links import Purpose
from app.db.models import metadata
from app.deps import Deps
from tests.http.merchant_shop import MerchantShop, merchant_shop, order


@contextmanager
def busy_shop(database_url: str, data_dir: Path) -> Iterator[MerchantShop]:
    """With an order, what was planned for it, a parked delivery and a mail."""
    with merchant_shop(database_url, data_dir) as found:
        found.switch_on()
        found.take(order(0))
        found.park(b'{"id": 7}')
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
    links = {
        "/r/": (Purpose.REVIEW, {"s": ref, "o": "4100"}),
        "/p/": (Purpose.PREFERENCES, {"s": ref, "h": who}),
        "/u/": (Purpose.UNSUBSCRIBE, {"s": ref, "h": who, "k": "coupon"}),
        "/x/": (Purpose.EXPORT, {"t": "unknown"}),
    }
    purpose = links.get(str(rule)[:3])
    link = urlsplit(shop.deps.links.make(*purpose)).path[3:] if purpose else "unknown"
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
        "word": "cancel",
        "lookup_ref": "unknown",
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
