"""A person who leaves traces everywhere: orders, bodies, pages, mails, plans, coupons, files."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from redis import Redis

from app.channels.links import Purpose
from app.domain.ids import CustomerId
from app.domain.snapshots import ObjectKind
from app.platforms.base import Delivery
from tests.pipeline.stands import Stand
from tests.pipeline.test_privacy import plan
from tests.pipeline.traces import in_database, in_files, in_redis, shown
from tests.serving import take

EMAIL, FIRST, LAST = "Zofia.Novakova@Priklad.example", "Žofia", "Nováková-Ürün"
STREET, PHONE, IP = "Hlboká ulica 17/ß", "+421 900 123 456", "203.0.113.77"
ORDER_NOTE = "Geschenk für Oma Ludmila"
REVIEW, RETURN, GOODS = "Mäkké ako oblak", "Príliš ťažké pre mňa", "Dva uteráky z jesene"
MARKS = (EMAIL, FIRST, LAST, STREET, PHONE, IP, ORDER_NOTE, REVIEW, RETURN, GOODS)
OTHER = "kemal@example.com"


@dataclass
class Life:
    """Where somebody left traces."""

    stand: Stand
    redis: Redis
    client: FlaskClient
    logged: io.StringIO
    folder: Path
    customer: CustomerId | None = None
    order_id: str = ""
    platform_id: str = ""

    def marks(self) -> tuple[str, ...]:
        """All that tells of the person; the store's own id of a guest there is none."""
        return (*MARKS, self.platform_id) if self.platform_id else MARKS

    def outside_the_database(self) -> dict[str, str]:
        logs = {"log": self.logged.getvalue().lower()}
        return {**in_files(self.folder), **in_redis(self.redis), **logs}

    def anywhere(self) -> dict[str, list[str]]:
        places = {**in_database(self.stand.harness.deps.db), **self.outside_the_database()}
        return shown(self.marks(), places)


def live(life: Life) -> None:
    """Orders, bodies that are read, broken and pending, pages, mails, plans, coupons, files."""
    stand = life.stand
    life.order_id = stand.order(EMAIL, first_name=FIRST, last_name=LAST)
    stand.order(OTHER, first_name="Kemal", last_name="Demir")
    stand.move(life.order_id, "fulfil")
    stand.deliver()
    stand.job("reconcile")
    _send_body(life, "note", _with_all_fields)
    _send_body(life, "broken", _broken)
    harness = stand.harness
    with harness.shop(stand.shop_id) as data:
        life.customer = data.customers.find_email(EMAIL)
        assert life.customer
        life.platform_id = data.customers.person(life.customer).customer_id or ""
        number = data.orders.get(life.order_id).order.number  # type: ignore[union-attr]
        email_hash = data.customers.email_hash(EMAIL) or ""
    with harness.change(stand.shop_id) as data:
        plan(stand, data, life.customer, life.order_id)
        data.coupons.add(
            customer_id=life.customer, email_hash=email_hash, milestone_key="orders:1",
            code="THANKS1", order_id=life.order_id, terms={}, now=harness.business.now(),
        )  # fmt: skip
        later = harness.wall.now().replace(year=2030)
        refreshed = life.platform_id or "77"
        data.refreshes.ask(ObjectKind.CUSTOMER, refreshed, later, patient=False)
        data.problems.open("webhooks_missing", {"topics": "orders/create"}, harness.business.now())
    _visit(life, number, email_hash)
    harness.run_jobs()
    harness.tick()


def _send_body(life: Life, key: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """A delivery that shows more than the twins do, or that cannot be read."""
    stand = life.stand
    attempts = stand.call("GET", "/_twin/deliveries")
    sent = [stand.call("GET", f"/_twin/deliveries/{one['id']}")["body"] for one in attempts]
    body = next(
        json.loads(one)
        for one in reversed(sent)
        if EMAIL.lower() in one.lower() and "line_items" in one
    )
    name = {"shopify": "orders/updated", "woocommerce": "order.updated"}[stand.platform]
    shop = stand.harness.get_shop(stand.shop_id)
    delivery = Delivery(
        topic=name, dedupe_key=f"life:{key}", shop_domain=shop.domain,
        body=json.dumps(change(body)).encode(), triggered_at=None,
    )  # fmt: skip
    take(stand.harness.deps, delivery, stand.shop_id)
    stand.harness.run_jobs()


def _with_all_fields(body: dict[str, Any]) -> dict[str, Any]:
    address = {"address1": STREET, "address_1": STREET, "phone": PHONE, "city": "Žilina"}
    for key in ("billing", "shipping", "billing_address", "shipping_address"):
        body[key] = {**(body.get(key) or {}), **address}
    return body | {
        "note": ORDER_NOTE, "customer_note": ORDER_NOTE, "browser_ip": IP,
        "customer_ip_address": IP,
    }  # fmt: skip


def _broken(body: dict[str, Any]) -> dict[str, Any]:
    return _with_all_fields(body) | {"currency": "no currency", "line_items": "none"}


def _visit(life: Life, number: str, email_hash: str) -> None:
    """The customer's pages: a code, a review, a return, a withdrawal that matches no order."""
    stand, links = life.stand, life.stand.harness.deps.links
    ref = stand.harness.get_shop(stand.shop_id).public_ref

    def path(purpose: Purpose, **data: str) -> str:
        return urlsplit(links.make(purpose, {"s": ref, **data})).path

    def post(address: str, **form: str) -> Any:
        answer = life.client.post(address, data=form)
        assert answer.status_code in (200, 303), (address, answer.status_code, answer.text)
        return answer

    post(f"/c/{ref}/return", number=number, email=EMAIL)
    stand.harness.run_jobs()
    form = life.client.get(path(Purpose.REVIEW, o=life.order_id))
    item = re.search(r'name="stars-([^"]+)"', form.text)
    assert item, form.text
    words = {f"stars-{item[1]}": "5", f"text-{item[1]}": REVIEW, "author": "first"}
    post(path(Purpose.REVIEW, o=life.order_id), **words)
    returned = path(Purpose.RETURN, o=life.order_id)
    line = re.search(r'name="item" value="([^"]+)"', life.client.get(returned).text)
    assert line
    wish = {
        "item": line[1], f"quantity-{line[1]}": "1", f"reason-{line[1]}": "other",
        f"note-{line[1]}": RETURN, "do": "send",
    }  # fmt: skip
    post(returned, **wish)
    told = {"name": f"{FIRST} {LAST}", "number": "77-B", "goods": GOODS, "email": EMAIL}
    post(f"/c/{ref}/withdraw", **told, do="confirm")
    post(path(Purpose.UNSUBSCRIBE, h=email_hash, k="coupon"))
