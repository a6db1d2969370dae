"""A machine without PHP: what stands in for the plugin is taken by the same door."""

import pytest
import requests

from tests.http.installing import Installation
from tests.wordpress.plugin_shop import (
    change_fields,
    open_with,
    plugin_page,
    press,
    secrets_of,
    token_of,
)


@pytest.fixture
def real() -> bool:
    return False


def test_it_says_what_it_is_and_opens_the_dashboard_once(connected: Installation) -> None:
    assert "PHP is not installed on this machine" in plugin_page(connected)
    token = token_of(press(connected, "Open dashboard"))
    assert open_with(connected, token).headers["Location"] == "/app/"
    assert open_with(connected, token).status_code == 403


def test_it_keeps_its_secret_and_gives_tokens_to_managers_only(connected: Installation) -> None:
    (secret,) = secrets_of(connected)
    assert secret not in plugin_page(connected)
    address = f"{connected.store}/wp-json/wc-afterglow/v1/connection"
    assert requests.get(address, timeout=5).status_code == 401
    assert press(connected, "Open dashboard", _wpnonce="wrong").status_code == 403
    change_fields(connected, role="customer")
    assert "Open dashboard" not in plugin_page(connected)
