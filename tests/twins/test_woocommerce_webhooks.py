"""How the twin's webhooks behave, as measured on a live store."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from woocommerce_shop import Shop, shop

from twins.woocommerce.hookshot import sign


@pytest.fixture
def running() -> Iterator[Shop]:
    with shop(demo=True) as started:
        yield started


def new_order(running: Shop) -> int:
    return int(running.post("orders", {"billing": {"email": "a@example.com"}})["id"])


def touch(running: Shop, order_id: int) -> None:
    running.control(f"orders/{order_id}/touch")


def status_of(running: Shop, webhook: dict[str, Any]) -> str:
    return str(running.rest("GET", f"webhooks/{webhook['id']}").json()["status"])


def test_three_changes_are_one_delivery_with_the_state_at_delivery_time(running: Shop) -> None:
    running.hook("order.updated")
    running.control("deliveries/hold")
    order = new_order(running)
    for status in ("on-hold", "processing", "completed"):
        running.rest("PUT", f"orders/{order}", json={"status": status})
    running.control("deliveries/release")
    running.drained()
    _ping, delivery = running.receiver.take()
    assert json.loads(delivery.body)["status"] == "completed"


def test_an_order_deleted_before_delivery_gives_a_signed_error_body(running: Shop) -> None:
    running.hook("order.created", secret="abc")
    running.control("deliveries/hold")
    order = new_order(running)
    running.rest("DELETE", f"orders/{order}", params={"force": "true"})
    running.control("deliveries/release")
    running.drained()
    delivery = running.receiver.take()[-1]
    expected = (
        '{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.",'
        '"data":{"status":404}}'
    )
    assert delivery.body.decode() == expected
    assert dict(delivery.headers)["X-WC-Webhook-Signature"] == sign(delivery.body, "abc")


def test_a_demoted_owner_gives_a_signed_403_body(running: Shop) -> None:
    running.hook("order.updated")
    order = new_order(running)
    running.drained()
    running.receiver.take()
    running.control("users/1", {"role": "subscriber"})
    touch(running, order)
    running.drained()
    (delivery,) = running.receiver.take()
    assert json.loads(delivery.body)["data"] == {"status": 403}


def test_webhooks_outlive_the_key_that_made_them(running: Shop) -> None:
    running.hook("order.updated")
    order = new_order(running)
    running.drained()
    running.receiver.take()
    response = running.rest("GET", f"orders/{order}")
    assert response.status_code == 200
    requests.delete(f"{running.url}/_twin/keys/{running.key['key_id']}", timeout=10)
    touch(running, order)
    running.drained()
    assert [r.path for r in running.receiver.take()] == ["/order.updated"]
    assert running.rest("GET", f"orders/{order}").status_code == 401


@pytest.mark.parametrize(
    ("answer", "ends"),
    [(500, "disabled"), (404, "disabled"), (307, "disabled"), (301, "active"), (204, "active")],
)
def test_the_seventh_failure_in_a_row_disables_and_301_counts_as_success(
    running: Shop, answer: int, ends: str
) -> None:
    webhook = running.hook("order.updated")
    order = new_order(running)
    running.drained()
    running.receiver.answers["/order.updated"] = answer
    for _failure in range(6):
        touch(running, order)
        running.drained()
    assert status_of(running, webhook) == "active"
    touch(running, order)
    running.drained()
    assert status_of(running, webhook) == ends
    running.receiver.take()
    touch(running, order)
    running.drained()
    assert bool(running.receiver.take()) == (ends == "active")


def test_switching_a_disabled_webhook_on_again_keeps_its_failures(running: Shop) -> None:
    webhook = running.hook("order.updated")
    order = new_order(running)
    running.drained()
    running.receiver.answers["/order.updated"] = 500
    for _failure in range(7):
        touch(running, order)
        running.drained()
    running.rest("PUT", f"webhooks/{webhook['id']}", json={"status": "active"})
    touch(running, order)
    running.drained()
    assert status_of(running, webhook) == "disabled"


def test_a_ping_not_answered_with_200_comes_again_after_each_delivery(running: Shop) -> None:
    running.receiver.answers["/order.updated"] = 204
    running.hook("order.updated")
    new_order(running)
    running.drained()
    bodies = [received.body[:10] for received in running.receiver.take()]
    assert bodies == [b"webhook_id", b'{"id":' + bodies[1][6:], b"webhook_id"]


def test_creation_ignores_status_and_never_shows_the_secret(running: Shop) -> None:
    fields = {"topic": "order.created", "delivery_url": f"{running.receiver.url}/x"}
    created = running.post("webhooks", fields | {"status": "paused"})
    assert created["status"] == "active"
    assert "secret" not in created
    assert "failure_count" not in created


def test_html_entities_in_a_secret_are_decoded_before_signing(running: Shop) -> None:
    running.hook("order.created", secret="a&amp;b&#039;&lt;é")
    new_order(running)
    running.drained()
    delivery = running.receiver.take()[-1]
    assert dict(delivery.headers)["X-WC-Webhook-Signature"] == sign(delivery.body, "a&b'<é")


def test_deliveries_of_one_second_share_their_id(running: Shop) -> None:
    running.hook("order.created")
    running.control("deliveries/hold")
    for _number in range(6):
        new_order(running)
    running.control("deliveries/release")
    running.drained()
    deliveries = running.receiver.take()[1:]
    ids = {dict(delivery.headers)["X-WC-Webhook-Delivery-ID"] for delivery in deliveries}
    assert len(deliveries) == 6
    assert len(ids) <= 2  # the six may straddle the turn of a second
    assert running.drained()["total"]["accepted"] == 6


def test_notes_and_deletion_for_good_fire_nothing_but_a_plain_save_does(running: Shop) -> None:
    for topic in ("order.updated", "order.deleted"):
        running.hook(topic)
    order = new_order(running)
    running.drained()
    running.receiver.take()
    running.post(f"orders/{order}/notes", {"note": "hello"})
    running.drained()
    assert running.receiver.take() == []
    running.rest("PUT", f"orders/{order}", json={})
    running.drained()
    assert [r.path for r in running.receiver.take()] == ["/order.updated"]
    running.rest("DELETE", f"orders/{order}", params={"force": "true"})
    running.drained()
    assert running.receiver.take() == []


def test_action_topics_carry_the_first_argument(running: Shop) -> None:
    running.hook("action.woocommerce_order_status_completed")
    order = new_order(running)
    running.control(f"orders/{order}/complete")
    running.drained()
    body = json.loads(running.receiver.take()[-1].body)
    assert body == {"action": "woocommerce_order_status_completed", "arg": order}


def test_send_log_classifies_repeats_forgeries_and_refusals(running: Shop) -> None:
    running.hook("order.created")
    new_order(running)
    running.drained()
    (first,) = requests.get(f"{running.url}/_twin/deliveries", timeout=10).json()
    running.control(f"deliveries/{first['id']}/resend")
    running.drained()
    running.receiver.answers["/order.created"] = 401
    running.control(f"deliveries/{first['id']}/forge")
    running.drained()
    _ping, real, repeat, forged = running.receiver.take()
    assert (real.body, real.headers) == (repeat.body, repeat.headers)
    assert forged.body == real.body
    assert forged.headers != real.headers
    total = running.drained()["total"]
    assert total == {"accepted": 1, "duplicate": 1, "refused": 1, "unknown": 0, "failed": 0}


def test_held_deliveries_can_be_released_in_reverse(running: Shop) -> None:
    for topic in ("order.created", "order.updated"):
        running.hook(topic)
    running.receiver.take()
    running.control("deliveries/hold")
    new_order(running)
    running.control("deliveries/release", {"order": "reversed"})
    running.drained()
    assert [r.path for r in running.receiver.take()] == ["/order.updated", "/order.created"]


def test_a_dropped_delivery_never_arrives(running: Shop) -> None:
    running.hook("order.created")
    running.receiver.take()
    running.control("faults", {"kind": "drop", "times": 1})
    new_order(running)
    new_order(running)
    assert running.drained()["dropped"] == 1
    assert len(running.receiver.take()) == 1
