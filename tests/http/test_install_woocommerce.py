"""Connecting a WooCommerce store in a browser: both ways, and everybody who must not get in."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.http.installing import Installation, Visitor, asked_for, installed
from twins import woocommerce


@pytest.fixture
def site(tmp_path: Path, database_url: str, free_port: Callable[[], int]) -> Iterator[Installation]:
    with (
        woocommerce.start() as twin,
        installed(tmp_path, database_url, free_port, twin.url) as site,
    ):
        yield site


@pytest.fixture
def merchant(site: Installation) -> Visitor:
    return Visitor(site.url)


def webhooks(site: Installation) -> int:
    shop = site.shop()
    assert shop is not None
    return len(list(site.harness.deps.open_store(shop).webhooks.list()))


def test_approving_in_the_store_connects_it_and_signs_in(
    site: Installation, merchant: Visitor
) -> None:
    page = merchant.approve(merchant.post("/connect/woocommerce", address=site.store))
    assert page.url.endswith("/connect/woocommerce/waiting")
    assert page.headers["Refresh"] == "2"
    assert site.shop() is None

    site.harness.run_jobs()
    page = merchant.get("/connect/woocommerce/waiting")
    assert page.url == f"{site.url}/app/"
    assert page.ok
    shop = site.shop()
    assert shop is not None
    assert (shop.connected, shop.name, shop.generation) == (True, "Lúka & Lale", 1)

    site.harness.run_jobs()
    assert webhooks(site) == 10


def test_what_is_asked_of_the_store(site: Installation, merchant: Visitor) -> None:
    asked = asked_for(merchant.post("/connect/woocommerce", address=site.store))
    assert (asked["app_name"], asked["scope"]) == ("Afterglow", "read_write")
    assert asked["callback_url"] == f"{site.url}/connect/woocommerce/callback"
    assert len(asked["user_id"]) == 43


def test_denied_in_the_store(site: Installation, merchant: Visitor) -> None:
    page = merchant.post("/connect/woocommerce", address=site.store)
    page = merchant.session.post(page.url, timeout=10)
    refused = merchant.press(page, "Deny")
    assert (refused.status_code, "was not approved" in refused.text) == (403, True)
    assert site.shop() is None


def test_a_link_passed_on_to_a_stores_owner_connects_nothing(site: Installation) -> None:
    """The attacker begins, the owner approves: the owner's browser returns first and burns it."""
    attacker, owner = Visitor(site.url), Visitor(site.url)
    begun = attacker.post("/connect/woocommerce", address=site.store)
    refused = owner.approve(owner.get(begun.url))
    assert (refused.status_code, "another browser" in refused.text) == (403, True)

    site.harness.run_jobs()
    nonce = asked_for(begun)["user_id"]
    for address in (f"/connect/woocommerce/return?success=1&user_id={nonce}",
                    "/connect/woocommerce/waiting"):  # fmt: skip
        assert attacker.get(address).status_code == 403
    assert site.shop() is None


def test_returning_before_the_approval_spoils_it(site: Installation) -> None:
    """An attacker who races the owner's browser comes too early, and that ends it."""
    attacker, owner = Visitor(site.url), Visitor(site.url)
    begun = attacker.post("/connect/woocommerce", address=site.store)
    nonce = asked_for(begun)["user_id"]
    early = attacker.get(f"/connect/woocommerce/return?success=1&user_id={nonce}")
    assert early.status_code == 403
    assert owner.approve(owner.get(begun.url)).status_code == 401  # the store deletes its new key
    site.harness.run_jobs()
    assert attacker.get("/connect/woocommerce/waiting").status_code == 403
    assert site.shop() is None


def post_callback(site: Installation, nonce: str, **keys: str) -> int:
    body = {"key_id": 1, "user_id": nonce, "key_permissions": "read_write", **keys}
    address = f"{site.url}/connect/woocommerce/callback"
    return requests.post(address, json=body, timeout=5).status_code


def test_a_forged_callback_is_refused(site: Installation) -> None:
    keys = {"consumer_key": "ck_x", "consumer_secret": "cs_x"}
    assert post_callback(site, "0" * 43, **keys) == 404
    assert post_callback(site, "0" * 43) == 400
    address = f"{site.url}/connect/woocommerce/callback"
    assert requests.post(address, data=b"{" * 20_000, timeout=5).status_code == 400
    assert site.harness.jobs == site.harness.jobs.__class__()


def test_a_second_callback_with_the_same_approval_is_refused(
    site: Installation, merchant: Visitor
) -> None:
    begun = merchant.post("/connect/woocommerce", address=site.store)
    merchant.approve(begun)
    nonce = asked_for(begun)["user_id"]
    keys = {"consumer_key": "ck_x", "consumer_secret": "cs_x"}
    assert post_callback(site, nonce, **keys) == 404
    site.harness.run_jobs()
    assert merchant.get("/connect/woocommerce/waiting").url == f"{site.url}/app/"


def test_granted_keys_that_do_not_open_the_store_are_refused(
    site: Installation, merchant: Visitor
) -> None:
    begun = merchant.post("/connect/woocommerce", address=site.store)
    nonce = asked_for(begun)["user_id"]
    keys = {"consumer_key": "ck_" + "0" * 40, "consumer_secret": "cs_" + "0" * 40}
    assert post_callback(site, nonce, **keys) == 200
    merchant.get(f"/connect/woocommerce/return?success=1&user_id={nonce}")
    site.harness.run_jobs()
    refused = merchant.get("/connect/woocommerce/waiting")
    assert (refused.status_code, "does not accept these keys" in refused.text) == (403, True)


def test_the_callback_answers_200_with_nothing(site: Installation, merchant: Visitor) -> None:
    nonce = asked_for(merchant.post("/connect/woocommerce", address=site.store))["user_id"]
    body = {"user_id": nonce, "consumer_key": "ck_1", "consumer_secret": "cs_1"}
    answer = requests.post(f"{site.url}/connect/woocommerce/callback", json=body, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")


def test_pasted_keys_connect_at_once(site: Installation, merchant: Visitor) -> None:
    page = merchant.post("/connect/woocommerce/keys", address=site.store, **site.keys())
    assert page.url == f"{site.url}/app/"
    site.harness.run_jobs()
    assert webhooks(site) == 10


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "ck_short"}, "A consumer key begins with ck_"),
        ({"key": "ck_" + "0" * 40}, "does not accept these keys"),
        ({"address": "http://127.0.0.1:9"}, "does not answer"),
        ({"address": "not an address"}, "not a web address"),
    ],
)
def test_keys_that_do_not_fit(
    site: Installation, merchant: Visitor, change: dict[str, str], words: str
) -> None:
    given = {"address": site.store, **site.keys(), **change}
    page = merchant.post("/connect/woocommerce/keys", **given)
    assert page.status_code == 422
    assert words in page.text
    assert given["secret"] not in page.text


def test_keys_that_only_read(site: Installation, merchant: Visitor) -> None:
    page = merchant.post("/connect/woocommerce/keys", address=site.store, **site.keys("read"))
    assert (page.status_code, "may only read" in page.text) == (422, True)


def test_pasting_keys_of_a_connected_store_mends_it(site: Installation, merchant: Visitor) -> None:
    merchant.post("/connect/woocommerce/keys", address=site.store, **site.keys())
    shop = site.shop()
    assert shop is not None
    with site.harness.change(shop.id) as data:
        data.problems.open("store_key_refused", {}, site.harness.business.now())
    merchant.post("/connect/woocommerce/keys", address=f"{site.store}/", **site.keys())
    again = site.shop()
    assert again is not None
    assert (again.id, again.generation) == (shop.id, 1)
    with site.harness.shop(shop.id) as data:
        assert data.problems.all_open() == []


def test_another_sites_form_connects_nothing(site: Installation, merchant: Visitor) -> None:
    form = {"address": site.store, **site.keys()}
    answer = merchant.session.post(
        f"{site.url}/connect/woocommerce/keys", form, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert site.shop() is None


def test_disconnecting(site: Installation, merchant: Visitor) -> None:
    merchant.post("/connect/woocommerce/keys", address=site.store, **site.keys())
    site.harness.run_jobs()
    shop = site.shop()
    assert shop is not None
    store = site.harness.deps.open_store(shop)
    page = merchant.get("/app/disconnect")
    assert merchant.post("/app/disconnect", data="keep").status_code == 403
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    done = merchant.post("/app/disconnect", data="keep", csrf_token=token)
    assert "Your data is kept" in done.text
    assert list(store.webhooks.list()) == []
    assert merchant.get("/app/").url == f"{site.url}/sign-in"


def test_a_store_that_cannot_reach_us_is_told_of_the_other_way(
    tmp_path: Path, database_url: str, free_port: Callable[[], int]
) -> None:
    away = "http://afterglow.example"
    with (
        woocommerce.start() as twin,
        installed(tmp_path, database_url, free_port, public_url=away) as site,
    ):
        page = Visitor(site.url).post("/connect/woocommerce", address=twin.url)
    assert (page.status_code, "cannot be reached by your store" in page.text) == (422, True)


def test_waiting_without_having_come_back_connects_nothing(site: Installation) -> None:
    """Whoever began only watches the waiting page: the owner's browser has yet to return."""
    attacker, owner = Visitor(site.url), Visitor(site.url)
    begun = attacker.post("/connect/woocommerce", address=site.store)
    asked = asked_for(begun)
    keys = site.keys()
    granted = {"consumer_key": keys["key"], "consumer_secret": keys["secret"]}
    assert post_callback(site, asked["user_id"], **granted) == 200
    site.harness.run_jobs()
    assert attacker.get("/connect/woocommerce/waiting").status_code == 403
    assert site.shop() is None

    back = f"/connect/woocommerce/return?success=1&user_id={asked['user_id']}"
    assert owner.get(back).status_code == 403
    assert attacker.get(back).status_code == 403
    assert site.shop() is None


def test_stores_that_never_finish_answering_leave_room_for_everybody_else(
    site: Installation, merchant: Visitor
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{silent.getsockname()[1]}"
    with ThreadPoolExecutor() as others:
        try:
            waiting = [
                others.submit(Visitor(site.url).post, "/connect/woocommerce", address=address)
                for _ in range(2)
            ]
            held = [silent.accept()[0] for _ in waiting]
            page = merchant.post("/connect/woocommerce", address=site.store)
            assert (page.status_code, "Try again in a minute" in page.text) == (422, True)
            assert merchant.get("/healthz").ok
            for connection in held:
                connection.close()
        finally:
            silent.close()
        assert all("does not answer" in each.result().text for each in waiting)
    assert "/wc-auth/" in merchant.post("/connect/woocommerce", address=site.store).url
