"""The plugin's page and its signed calls: what it shows and switches, and who else may not."""

import json
import secrets
from typing import Any

import pytest
import requests

from app.db.returns import NewReturn
from app.domain.money import Money
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnState
from app.platforms.woocommerce.plugin_signatures import Call, call_signature
from tests.http.installing import Installation
from tests.support import switch_on
from tests.wordpress.plugin_shop import (
    PAGE,
    change_fields,
    claims_of,
    done_after,
    open_with,
    plugin_page,
    press,
    secrets_of,
    shop,
    token_of,
)

pytestmark = pytest.mark.usefixtures("connected")


def signed_call(
    installation: Installation,
    /,
    method: str = "GET",
    target: str = "/plugin/v1/status",
    data: Any = None,
    secret: str = "",
    **changes: str,
) -> requests.Response:
    """A call as the plugin makes it; `changes` replace parts after it was signed."""
    body = json.dumps(data).encode() if data is not None else b""
    time = str(int(installation.harness.wall.at.timestamp()))
    parts = {"site": shop(installation).public_ref, "time": time, "nonce": secrets.token_hex(16)}
    parts |= {
        name: changes.pop(f"real_{name}") for name in list(parts) if f"real_{name}" in changes
    }
    call = Call(method=method, target=target, body=body, signature="", **parts)
    headers = {
        "X-Afterglow-Site": call.site,
        "X-Afterglow-Time": call.time,
        "X-Afterglow-Nonce": call.nonce,
        "X-Afterglow-Signature": call_signature(secret or secrets_of(installation)[0], call),
    }
    headers |= {f"X-Afterglow-{n.capitalize()}": v for n, v in changes.items() if n != "body"}
    sent = changes.get("body", "").encode() or body
    address = f"{installation.url}{target}"
    return requests.request(method, address, data=sent, headers=headers, timeout=10)


def enabled(site: Installation) -> bool:
    with site.harness.shop(shop(site).id) as data:
        version = data.settings.current("review_request")
        return bool(version and version.enabled)


# the page


def test_the_page_shows_health_and_counters_in_the_readers_language(
    connected: Installation,
) -> None:
    page = plugin_page(connected)
    assert connected.url in page
    assert "12 of 12 active" in page
    assert "Review request" in page
    assert "See what it would do" in page
    assert "Switch off" not in page
    with connected.harness.change(shop(connected).id) as data:
        data.problems.open("store_key_refused", {}, connected.harness.business.now())
    page = plugin_page(connected)
    assert "Your store refuses our key" in page
    assert "Connect again" in page
    change_fields(connected, locale="sk_SK")
    slovak = plugin_page(connected)
    assert "Obchod odmieta náš kľúč" in slovak or "kľúč" in slovak
    assert "Review request" not in slovak


def test_a_return_that_is_left_to_the_merchant_waits_for_them(connected: Installation) -> None:
    assert signed_call(connected).json()["needs_you"] == 0
    held = NewReturn(
        ReturnKind.WITHDRAWAL, ReturnOrigin.CUSTOMER, ReturnState.HELD, (), Money(0, "EUR"),
        connected.harness.business.now(),
    )  # fmt: skip
    with connected.harness.change(shop(connected).id) as data:
        data.returns.add(held)
    assert signed_call(connected).json()["needs_you"] == 1
    assert "1 thing waits for you in the dashboard." in plugin_page(connected)


def test_switching_on_leads_to_what_it_would_do(connected: Installation) -> None:
    handed = press(connected, "See what it would do")
    token = token_of(handed)
    wanted = "/app/automations/review_request/on"
    assert claims_of(token)["to"] == wanted
    assert open_with(connected, token).headers["Location"] == wanted
    assert not enabled(connected)


def test_an_automation_is_switched_off_and_everything_paused(connected: Installation) -> None:
    switch_on(connected.harness, shop(connected).id, "review_request")
    assert done_after(press(connected, "Switch off")) == "off"
    assert not enabled(connected)
    with connected.harness.shop(shop(connected).id) as data:
        version = data.settings.current("review_request")
        assert version is not None
        assert version.changed_by == "wordpress:1"

    answer = press(connected, "Pause everything")
    assert done_after(answer) == "pause"
    assert shop(connected).paused_at is not None
    assert "Everything is paused." in plugin_page(connected, "&afterglow_done=pause")
    assert done_after(press(connected, "Go on")) == "resume"
    assert shop(connected).paused_at is None


def test_going_on_is_refused_while_the_address_leads_elsewhere(connected: Installation) -> None:
    press(connected, "Pause everything")
    with connected.harness.change(shop(connected).id) as data:
        data.problems.open("store_moved", {"host": "x"}, connected.harness.business.now())
    assert done_after(press(connected, "Go on")) == "held"
    assert shop(connected).paused_at is not None


def test_a_forged_form_changes_nothing(connected: Installation) -> None:
    assert press(connected, "Pause everything", _wpnonce="0123456789").status_code == 403
    assert done_after(press(connected, "Pause everything", what="drop_all")) == "not-done"
    assert shop(connected).paused_at is None


def test_while_the_app_is_silent_the_page_says_so(connected: Installation) -> None:
    with connected.harness.change(shop(connected).id) as data:
        data.credentials.forget()
    page = plugin_page(connected)
    assert "does not know this connection any more" in page
    assert "Connect the store again" in page
    assert "Pause everything" not in page


# the calls


def test_a_signed_call_counts_once(connected: Installation) -> None:
    nonce = secrets.token_hex(16)
    good = signed_call(connected, real_nonce=nonce)
    assert good.status_code == 200
    assert good.json()["webhooks"] == {"active": 12, "wanted": 12}
    assert signed_call(connected, real_nonce=nonce).status_code == 401


def test_what_is_altered_unsigned_or_late_is_refused(connected: Installation) -> None:
    now = int(connected.harness.wall.at.timestamp())
    pause = {"what": "pause", "automation": "", "user": 1}
    calls: list[dict[str, Any]] = [
        {"signature": "0" * 64},
        {"signature": ""},
        {"signature": "ü"},
        {"nonce": secrets.token_hex(16)},
        {"time": str(now - 1)},
        {"site": "unknown-site"},
        {"secret": "a" * 64},
        {"real_time": str(now - 301)},
        {"real_time": str(now + 301)},
        {"real_time": "soon"},
        {"real_time": "9" * 40},
        {"real_nonce": "short"},
        {"real_nonce": "n" * 65},
        {"method": "POST", "target": "/plugin/v1/switch", "data": pause, "body": "{}"},
    ]
    for call in calls:
        answer = signed_call(connected, **call)
        assert (answer.status_code, answer.text) == (401, ""), call
    unsigned = requests.post(f"{connected.url}/plugin/v1/switch", json=pause, timeout=5)
    assert unsigned.status_code == 401
    other_path = signed_call(connected, target="/plugin/v1/status?lang=sk")
    assert other_path.status_code == 200
    assert shop(connected).paused_at is None


def test_calls_that_make_no_sense_are_refused(connected: Installation) -> None:
    for data in ([], {"what": "on"}, {"what": "off", "automation": "unknown"}, {"what": None}):
        answer = signed_call(connected, "POST", "/plugin/v1/switch", data)
        assert answer.status_code == 400, data
    large = signed_call(connected, "POST", "/plugin/v1/switch", {"what": "x" * 5000})
    assert large.status_code == 413


def test_the_stores_own_keys_open_its_routes_and_nobody_else(connected: Installation) -> None:
    for route in ("connection", "status"):
        address = f"{connected.store}/wp-json/wc-afterglow/v1/{route}"
        assert requests.get(address, timeout=20).status_code == 401
    forged = {"app_url": "https://evil.example", "site": "s" * 16, "secret": "a" * 64}
    address = f"{connected.store}/wp-json/wc-afterglow/v1/connection"
    assert requests.post(address, json=forged, timeout=20).status_code == 401
    assert "evil.example" not in plugin_page(connected)


def test_deleting_the_plugin_ends_the_connection_and_leaves_nothing(
    connected: Installation,
) -> None:
    address = f"{connected.store}/wp-admin/plugins.php"
    for move in ("deactivate", "delete"):
        requests.post(address, data={"move": move}, timeout=20).raise_for_status()
    assert not shop(connected).connected
    hooks = requests.get(f"{connected.store}/_twin/", timeout=5).text
    assert f"{connected.url}/webhooks/" not in hooks
    assert requests.get(connected.store + PAGE, timeout=5).url.endswith("/wp-admin/")
    assert signed_call(connected, secret="a" * 64).status_code == 401
