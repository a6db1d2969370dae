"""Fields that no form has, ids of others, settings by other names: nothing of it is taken."""

from typing import Any

from app.db.shops import Shops, ShopState
from app.services import shop_settings
from tests.http.addresses import path_of, rows_of, rules
from tests.http.merchant_shop import NOW, MerchantShop

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


def other_shop(shop: MerchantShop) -> int:
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        shops.open_installation(other.id, [], NOW)
    return other.id


def test_no_form_changes_another_shop_or_what_a_shop_is(shop: MerchantShop) -> None:
    """All forms of the dashboard with all these fields: whatever they do, they do it here."""
    other = other_shop(shop)
    before = {
        name: [row for row in rows if other in row[:2]] for name, rows in rows_of(shop.deps).items()
    }
    for rule in sorted(rules(shop, "POST", "/app/"), key=str):
        if rule.endpoint != "session.disconnect":
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
