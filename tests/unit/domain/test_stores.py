"""Which addresses name one store."""

import pytest

from app.domain.stores import host_of, same_store, within_store


@pytest.mark.parametrize(
    ("ours", "theirs", "same", "within"),
    [
        ("https://shop.example", "http://www.shop.example/", True, True),
        ("https://shop.example", "https://shop.example/sk", False, True),
        ("https://shop.example", "https://shop.example/pt-br", False, True),
        ("https://shop.example/store", "https://shop.example/store/tr", False, True),
        ("https://shop.example", "https://shop.example/staging", False, False),
        ("https://shop.example", "https://staging.shop.example", False, False),
        ("https://shop.example", "https://shop.example.evil.example", False, False),
        ("https://shop.example", "https://shop.example:8443", False, False),
        ("https://shop.example/store", "https://shop.example", False, False),
        ("demo.myshopify.com", "demo.myshopify.com", True, True),
    ],
)
def test_two_addresses(ours: str, theirs: str, same: bool, within: bool) -> None:
    assert same_store(ours, theirs) is same
    assert within_store(ours, theirs) is within


def test_the_host_of_an_address() -> None:
    assert host_of("https://shop.example/sk") == "shop.example"
    assert host_of("shop.example") == "shop.example"
