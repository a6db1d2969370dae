"""Setup: what is wrong first, then every part of the connection; looking again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.domain.actions import ActionKind
from app.platforms.woocommerce.topics import PLUGIN_TOPICS, TOPICS
from app.services.plugin import link as plugin
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order, text_of


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        yield found


def subscribe(shop: MerchantShop, *missing: str) -> None:
    with shop.write() as data:
        for number, topic in enumerate(sorted(TOPICS)):
            row = data.webhooks.prepare(topic, NOW)
            if topic not in missing:
                data.webhooks.created(row.token, str(number))


def test_where_nothing_is_wrong_it_says_so_before_the_checks(shop: MerchantShop) -> None:
    subscribe(shop)
    shop.take(order(0))
    page = text_of(shop.get("/app/setup"))
    assert page.index("Nothing is wrong.") < page.index("All checks")
    assert f"{len(TOPICS)} of {len(TOPICS)} active" in page
    assert "1 order is known." in page
    assert "Register again" not in page


def test_a_problem_has_its_cost_its_remedy_and_a_text_to_pass_on(shop: MerchantShop) -> None:
    with shop.write() as data:
        data.problems.open("store_certificate", {}, NOW)
    html = shop.get("/app/setup")
    page = text_of(html)
    assert "Your store’s certificate is not valid" in page
    assert "No order is read and nothing is done in your store." in page
    assert "Renew it at your host" in page
    assert 'data-copy="Çınar &amp; Breza: Your store’s certificate is not valid.' in html
    assert "Store See above" in page


def test_each_webhook_is_listed_with_its_last_delivery(shop: MerchantShop) -> None:
    subscribe(shop, "order.updated")
    with shop.write() as data:
        for key, at in (("a", NOW - timedelta(days=3)), ("b", NOW - timedelta(minutes=7))):
            data.inbox.add(
                dedupe_key=key, source="webhook", topic="order.created", sealed_body=b"", now=at
            )
    page = text_of(shop.get("/app/setup"))
    assert f"{len(TOPICS) - 1} of {len(TOPICS)} active" in page
    assert "order.updated Missing none lately" in page
    assert "order.created Active 7 minutes ago" in page
    assert "Register again" in page


def test_what_only_our_plugin_tells_is_listed_where_it_is_there(shop: MerchantShop) -> None:
    subscribe(shop)
    assert "woocommerce_afterglow" not in shop.get("/app/setup")
    with shop.write() as data:
        plugin.noticed(shop.deps, data, there=True)
    page = text_of(shop.get("/app/setup"))
    assert f"{len(TOPICS)} of {len(TOPICS) + len(PLUGIN_TOPICS)} active" in page
    for topic in PLUGIN_TOPICS:
        assert f"{topic} Missing" in page


def test_looking_again_asks_the_store_and_compares_its_webhooks(shop: MerchantShop) -> None:
    answer = shop.post("/app/setup/look-again")
    assert (answer.status_code, answer.location) == (303, "/app/setup?done=looking")
    wanted = {("check_connection", shop.shop.id), ("subscribe", shop.shop.id)}
    assert {(name, *arguments) for name, arguments in shop.signals} == wanted
    assert "We look again." in text_of(shop.get("/app/setup?done=looking"))


def test_nobody_has_a_store_asked_without_end(shop: MerchantShop) -> None:
    answers = [shop.post("/app/setup/look-again").location for _ in range(31)]
    assert answers[29] == "/app/setup?done=looking"
    assert answers[30] == "/app/setup?done=too-often"
    assert "Not looked again." in text_of(shop.get("/app/setup?done=too-often"))


def test_work_that_is_late_and_mail_that_went_silent_are_told(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0))
    with shop.write() as data:
        action = data.actions.of_order("4100")[0]
        data.messages.reserve(
            action.id, action.customer_id, ActionKind.REVIEW_REQUEST_MAIL, "<a@b>", NOW,
            marketing=True,
        )  # fmt: skip
        data.messages.settle(action.id, "uncertain")
        assert data.messages.last_by_state(10) == {"uncertain": NOW}
    assert "1 action is planned." in text_of(shop.get("/app/setup"))
    shop.clock.at = NOW + timedelta(days=10)
    assert "Work 1 late" in text_of(shop.get("/app/setup"))


def test_an_installation_without_a_public_address_says_what_that_means(shop: MerchantShop) -> None:
    page = text_of(shop.get("/app/setup"))
    assert "http://shop.test is no public https address, so your store cannot send to it." in page
