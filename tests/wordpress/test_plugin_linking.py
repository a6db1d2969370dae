"""The app finds the plugin, gives it a secret, and replaces that without locking anybody out."""

import pytest
import requests

from app.services import connections
from app.services.plugin.link import link
from tests.http.installing import Installation, Visitor
from tests.wordpress.plugin_shop import connect, plugin_page, secrets_of, shop


def topics(site: Installation) -> set[str]:
    return {hook.topic for hook in site.harness.deps.open_store(shop(site)).webhooks.list()}


OURS = {
    "action.woocommerce_afterglow_review_posted",
    "action.woocommerce_afterglow_fulfilled",
}


def move_plugin(site: Installation, move: str) -> None:
    requests.post(
        f"{site.store}/wp-admin/plugins.php", data={"move": move}, timeout=20
    ).raise_for_status()


def look(site: Installation) -> None:
    site.harness.deps.dispatch(("check_connection", (shop(site).id,)))
    site.harness.run_jobs()


def test_connecting_links_the_plugin_and_registers_its_topics(connected: Installation) -> None:
    (secret,) = secrets_of(connected)
    assert len(secret) == 64
    assert topics(connected) >= OURS
    page = plugin_page(connected)
    assert "Open dashboard" in page
    assert secret not in page


def test_a_plugin_installed_later_is_found_and_one_switched_off_is_missed(
    site: Installation,
) -> None:
    move_plugin(site, "deactivate")
    connect(site)
    assert (secrets_of(site), topics(site) & OURS) == ((), set())
    move_plugin(site, "activate")
    look(site)
    assert len(secrets_of(site)) == 1
    assert topics(site) >= OURS
    move_plugin(site, "deactivate")
    look(site)
    assert topics(site) & OURS == set()


@pytest.mark.both_databases
def test_a_secret_is_replaced_and_the_former_one_lasts_until_the_store_has_the_new_one(
    connected: Installation,
) -> None:
    harness = connected.harness
    (first,) = secrets_of(connected)
    faults = f"{connected.store}/_twin/faults"
    wanted = {"kind": "status", "status": 500, "path": "/wp-json/wc-afterglow", "times": 1}
    requests.post(faults, json=wanted, timeout=5).raise_for_status()
    with harness.change(shop(connected).id) as data:
        held = data.credentials.held()
        assert held is not None
        old = {**held.values["plugin"], "since": "2020-01-01T00:00:00+00:00"}
        data.credentials.put({**held.values, "plugin": old}, None, harness.wall.now())
    link(harness.deps, shop(connected).id)
    fresh, former = secrets_of(connected)
    assert former == first != fresh
    link(harness.deps, shop(connected).id)
    assert secrets_of(connected) == (fresh,)
    link(harness.deps, shop(connected).id)
    assert secrets_of(connected) == (fresh,)


def test_connecting_again_begins_with_another_secret(connected: Installation) -> None:
    (first,) = secrets_of(connected)
    connect(connected)
    (second,) = secrets_of(connected)
    assert first != second


def test_disconnecting_in_the_dashboard_ends_it_in_the_store(connected: Installation) -> None:
    connections.disconnect(connected.harness.deps, shop(connected).id, erase=False)
    assert secrets_of(connected) == ()
    page = plugin_page(connected)
    assert "not connected to Afterglow yet" in page


def test_the_address_that_the_plugin_sends_along_is_filled_in(site: Installation) -> None:
    page = Visitor(site.url).get('/connect?address=https://shop.example/"x')
    assert 'value="https://shop.example/&#34;x"' in page.text
