"""Fields that no form has, ids of others, settings by other names: nothing of it is taken."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.test import TestResponse

from app.db.return_lists import Wanted
from app.db.shops import Shops, ShopState
from app.domain.ids import ShopId
from app.domain.returns import ReturnState
from app.services import shop_settings
from tests.http.addresses import path_of, rows_of, rules
from tests.http.merchant_shop import NOW, MerchantShop, order
from tests.security.forms import forms_of

# Every column of a shop, of a row of work, of a setting; and what frameworks read.
EXTRA: dict[str, Any] = {
    "id": "2", "shop_id": "2", "shop": "2", "platform": "shopify", "domain": "https://evil.example",
    "state": "erased", "generation": "99", "public_ref": "x", "owner_email": "evil@evil.example",
    "paused_at": "", "history_complete": "1", "hash_key": "x", "sealed": "x", "name": "Evil",
    "timezone": "Etc/GMT+12", "currency": "XXX", "enabled": "on", "active_since": "2000-01-01",
    "changed_by": "somebody", "by": "rules", "user": "root", "due_at": "2000-01-01",
    "useful_until": "2999-01-01", "kind": "coupon_create", "dedupe_key": "x", "payload": "{}",
    "_method": "DELETE", "__proto__": "x", "constructor": "x", "language_chosen": "1",
    "order_id": "9999", "customer_id": "9999", "return_id": "9999", "action_id": "9999",
}  # fmt: skip


# What somebody types where a form has nothing yet; a name here also ticks a box.
WORDS = {
    "number": "#4100", "email": "kunde0@posta.example", "typed": "kunde0@posta.example",
    "name": "Žofia", "goods": "Peştemal", "code": "048213", "text": "Soft", "quantity": "1",
    "item": "", "which": "",
}  # fmt: skip


def other_shop(shop: MerchantShop) -> ShopId:
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        shops.open_installation(other.id, [], NOW)
    return other.id


def sent(
    shop: MerchantShop, client: FlaskClient, path: str, extra: Mapping[str, Any]
) -> Iterator[tuple[str, TestResponse]]:
    """Every form of a page as a browser fills it in, with more fields beside its own, and for
    customers those of the page that this leads to; each with its rule and how it was answered.
    """
    addresses = shop.app.url_map.bind("shop.test")
    waiting, done = [(path, client.get(path))], set()
    while waiting:
        path, page = waiting.pop()
        for form in forms_of(page.text if page.mimetype == "text/html" else "", WORDS):
            for action, body in form.sendings():
                address = urljoin(path, action)
                what = "".join(body.get("do", [])).partition("-")[0]
                try:
                    rule, _ = addresses.match(urlsplit(address).path, "POST", return_rule=True)
                except MethodNotAllowed:  # a script gives it another address
                    continue
                if (rule.endpoint, what, *body) in done or rule.endpoint == "session.disconnect":
                    continue
                done.add((rule.endpoint, what, *body))
                answer = client.post(address, data={**extra, **body})
                assert answer.status_code < 500, str(rule)
                yield str(rule), answer
                if path.startswith("/app"):
                    continue
                if answer.status_code == 200:
                    waiting.append((address, answer))
                elif answer.status_code == 303:
                    waiting.append((answer.location, client.get(answer.location)))


def test_no_form_changes_another_shop_or_what_a_shop_is(shop: MerchantShop) -> None:
    """All forms of the dashboard with all these fields: whatever they do, they do it here."""
    other = other_shop(shop)
    before = {
        name: [row for row in rows if other in row[:2]] for name, rows in rows_of(shop.deps).items()
    }
    known, saved = set(), set()
    for page in sorted(
        rules(shop, "GET", "/app"), key=lambda rule: ("forget" in str(rule), str(rule))
    ):
        for rule, answer in sent(shop, shop.client, path_of(shop, page), EXTRA):
            known.add(rule)
            if "?done=" in (answer.location or ""):
                saved.add(rule)
    assert len(saved) >= 18, saved
    for rule in sorted(rules(shop, "POST", "/app/"), key=str):
        if str(rule) not in known and rule.endpoint != "session.disconnect":  # nothing to do
            form = {**EXTRA, "csrf_token": "csrf-of-the-session"}
            answer = shop.client.post(path_of(shop, rule), data=form)
            assert answer.status_code < 500, str(rule)
    with shop.deps.db.read() as uow:
        here, there = (
            Shops(uow).get(shop.shop.id),
            Shops(uow).find("woocommerce", "https://other.example"),
        )
        assert Shops(uow).owner_email(shop.shop.id) == "eliska@cinar-breza.example"
    assert there is not None
    for field in (
        "platform",
        "domain",
        "state",
        "generation",
        "public_ref",
        "timezone",
        "currency",
    ):
        assert getattr(here, field) == getattr(shop.shop, field), field
    assert there.state == ShopState.ACTIVE
    after = rows_of(shop.deps)
    for name, rows in before.items():
        for row in rows:
            assert row in after[name], name


def test_no_customers_form_reaches_another_customer_or_the_shop(shop: MerchantShop) -> None:
    """All forms behind links, with the names and numbers of somebody else beside the own ones."""
    other = other_shop(shop)
    shop.take(order(1))
    with shop.read() as data:
        somebody = data.customers.find_email("kunde1@posta.example")
        value_hash = data.customers.email_hash("kunde1@posta.example") or ""
    theirs = {"order_id": "4101", "o": "4101", "customer_id": str(somebody), "h": value_hash}
    extra = EXTRA | theirs | {"s": str(other), "k": "all", "rating": "5", "counts": "0"}

    def untouched() -> list[Any]:
        """Rows of that customer and order; both shops, and what they have set."""
        everything = rows_of(shop.deps)
        marks = ("4101", value_hash)
        found: list[Any] = [
            row for rows in everything.values() for row in rows if any(m in row for m in marks)
        ]
        found += [row for row in everything["customers"] if row[0] == somebody]
        found += everything["installations"] + everything["settings_versions"]
        with shop.deps.db.read() as uow:
            for shop_id in (shop.shop.id, other):
                found += [Shops(uow).get(shop_id), Shops(uow).owner_email(shop_id)]
        return found

    before, acted = untouched(), set()
    families = ("/r/", "/p/", "/u/", "/return-status/", "/return/", "/c/")
    pages = [rule for each in families for rule in sorted(rules(shop, "GET", each), key=str)]
    for page in pages:
        client, state = shop.app.test_client(use_cookies=False), rows_of(shop.deps)
        for rule, answer in sent(shop, client, path_of(shop, page), extra):
            if (now := rows_of(shop.deps)) != state or answer.status_code == 303:
                acted.add(rule)
            state = now
    assert acted == {str(r) for r in rules(shop, "POST") if str(r).startswith(families)}
    assert untouched() == before
    with shop.read() as data:
        assert data.customers.suppressed_scopes(value_hash) == frozenset()
        kept = data.return_lists.page(Wanted(frozenset(ReturnState)), 20)
        assert {row.order_id for row in kept} <= {"4100", None}
        assert all(review.order_id == "4100" for review in data.reviews.of_order("4100"))
        assert not data.reviews.of_order("4101")
        assert not data.reviews.of_order("9999")


def test_a_shop_keeps_what_its_form_does_not_ask_for(shop: MerchantShop) -> None:
    known = shop_settings.stored(shop.deps, shop.shop.id)
    form = {
        **EXTRA,
        **known.model_dump(),
        "seen": shop_settings.state_of(known),
        "colour": "#123456",
    }
    assert shop.post("/app/shop", form).location == "/app/shop?done=saved"
    with shop.deps.db.read() as uow:
        saved = Shops(uow).get(shop.shop.id)
    assert saved.colour == "#123456"
    for field in (
        "name",
        "platform",
        "domain",
        "state",
        "generation",
        "timezone",
        "history_complete",
    ):
        assert getattr(saved, field) == getattr(shop.shop, field), field


def test_settings_take_their_own_fields_only(shop: MerchantShop) -> None:
    with shop.read() as data:
        version = data.settings.current("review_request")
    assert version
    form = {**EXTRA, "version": str(version.version), "days_after_delivery": "9"}
    shop.post("/app/automations/review_request", form)
    with shop.read() as data:
        saved = data.settings.current("review_request")
    assert saved
    assert not set(saved.data) & set(EXTRA)
    assert (saved.enabled, saved.active_since) == (version.enabled, version.active_since)


def test_work_is_planned_by_nobodys_form(shop: MerchantShop) -> None:
    action = shop.action("4100")
    for path in ("cancel", "repeat"):
        shop.post(f"/app/actions/{action.id}/{path}", EXTRA)
    now = shop.action("4100")
    assert (now.kind, now.dedupe_key, now.payload) == (
        action.kind,
        action.dedupe_key,
        action.payload,
    )
    assert now.useful_until == action.useful_until
