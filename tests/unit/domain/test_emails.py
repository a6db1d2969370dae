"""The same mailbox is recognised however it was typed, and two are never taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.emails import canonical_email


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("jana@example.com", "jana@example.com"),
        ("  Jana.Nova@Example.COM ", "jana.nova@example.com"),
        ("ALI@EXAMPLE.COM.TR", "ali@example.com.tr"),
        ("İpek@example.com", "İpek@example.com"),
        ("jana@bücher.de", "jana@xn--bcher-kva.de"),
        ("jana@xn--bcher-kva.de", "jana@xn--bcher-kva.de"),
        ("jana+shop@example.com", "jana+shop@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
    ],
)
def test_one_spelling_for_look_ups(typed: str, canonical: str) -> None:
    assert canonical_email(typed) == canonical


@pytest.mark.parametrize(
    "typed",
    [
        None,
        "",
        "   ",
        "jana",
        "jana@",
        "@example.com",
        "jana@example",
        "jana@@example.com",
        "jana@example..com",
        "jana@.example.com",
        "jana@example.com.",
        "jana@-example.com",
        "ja na@example.com",
        "jana@exa mple.com",
        "Jana <jana@example.com>",
        "jana@example.com, ali@example.com",
        "jana@example.com\r\nBcc: ali@example.com",
        "jana\x00@example.com",
        "jana@" + "a" * 64 + ".com",
        "j" * 320 + "@example.com",
    ],
)
def test_what_is_no_address_is_none(typed: str | None) -> None:
    assert canonical_email(typed) is None


@given(text=st.text(max_size=60))
def test_the_canonical_form_is_stable(text: str) -> None:
    once = canonical_email(text)
    if once is not None:
        assert canonical_email(once) == once


@given(text=st.emails())
def test_letter_case_of_ordinary_addresses_does_not_matter(text: str) -> None:
    known = canonical_email(text)
    if known is not None:
        assert canonical_email(text.upper()) == known
