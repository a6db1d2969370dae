"""What tests do with a store that has the plugin, and what they look at."""

import json
import re
from base64 import urlsafe_b64decode
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from app.db.shops import Shop
from app.domain.clocks import WallClock
from app.services.plugin.link import valid_secrets
from tests.http.installing import Installation, Visitor

PAGE = "/wp-admin/admin.php?page=afterglow"


def connect(site: Installation) -> None:
    """With pasted keys."""
    page = Visitor(site.url).post("/connect/woocommerce/keys", address=site.store, **site.keys())
    assert page.url == f"{site.url}/app/", page.text
    site.harness.run_jobs()


def shop(site: Installation) -> Shop:
    """The connected shop."""
    found = site.shop()
    assert found is not None
    return found


def secrets_of(site: Installation) -> tuple[str, ...]:
    """What the plugin may sign with, the newest first."""
    with site.harness.shop(shop(site).id) as data:
        return valid_secrets(data)


def plugin_page(site: Installation, query: str = "") -> str:
    """The page in wp-admin."""
    return requests.get(f"{site.store}{PAGE}{query}", timeout=20).text


def press(site: Installation, words: str, **more: str) -> requests.Response:
    """Press the button with these words on the plugin's page; redirects are not followed.

    The store's clock is the machine's, so ours must not have stood still for long.
    """
    site.harness.wall.at = max(site.harness.wall.at, WallClock().now())
    for form in re.findall(r"<form.*?</form>", plugin_page(site), re.DOTALL):
        if re.search(rf"<button[^>]*>{re.escape(words)}<", form):
            fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
            data = {name: unescape(value) for name, value in fields} | more
            address = f"{site.store}/wp-admin/admin-post.php"
            return requests.post(address, data=data, allow_redirects=False, timeout=20)
    raise AssertionError(f"no button “{words}”")


def done_after(answer: requests.Response) -> str:
    """What the page will say was done."""
    return parse_qs(urlsplit(answer.headers["Location"]).query)["afterglow_done"][0]


def token_of(answer: requests.Response) -> str:
    """The token that a hand-over's form carries."""
    found = re.search(r'name="token" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def open_with(site: Installation, token: str, **headers: str) -> requests.Response:
    """Post a token to the app, as the form does; redirects are not followed."""
    return requests.post(
        f"{site.url}/plugin/open",
        data={"token": token},
        headers={"Origin": site.store, "Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
        | headers,
        allow_redirects=False,
        timeout=20,
    )


def change_fields(site: Installation, **values: Any) -> None:
    """Change the store's user, such as locale or role."""
    requests.post(f"{site.store}/_twin/users/1", json=values, timeout=5).raise_for_status()
