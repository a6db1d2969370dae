"""Money never loses or invents a cent."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import Money, MoneyError, exponent

CURRENCIES = st.sampled_from(["EUR", "TRY", "USD", "JPY", "KWD"])
AMOUNTS = st.integers(-(10**12), 10**12)


@given(minor=AMOUNTS, currency=CURRENCIES)
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert Money.parse(str(amount.decimal()), currency.lower()) == amount


@given(one=AMOUNTS, other=AMOUNTS, currency=CURRENCIES)
def test_sums_and_differences_are_exact(one: int, other: int, currency: str) -> None:
    a, b = Money(one, currency), Money(other, currency)
    assert (a + b).decimal() == a.decimal() + b.decimal()
    assert a + b - b == a
    assert (a >= b) is not (a < b)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("19.90", "EUR", 1990),
        ("19.9", "EUR", 1990),
        ("0.005", "EUR", 1),
        ("-0.005", "EUR", -1),
        ("500", "JPY", 500),
        ("1.2345", "KWD", 1235),
        ("1e3", "EUR", 100000),
        (7, "EUR", 700),
        (Decimal("0.10"), "EUR", 10),
        ("123456789012.345", "EUR", 12345678901235),
    ],
)
def test_amounts_as_platforms_write_them(
    text: str | int | Decimal, currency: str, minor: int
) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text", ["", " ", "abc", "1,50", "NaN", "Infinity", "1e400", "9" * 16, "1_000", "١٢"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text, "EUR")


@given(text=st.text(max_size=20))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(MoneyError):
        assert Money.parse(text, "EUR").currency == "EUR"


@pytest.mark.parametrize("currency", ["", "EU", "EURO", "E1R", "€€€", "ĞBP"])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse("1", currency)


def test_a_float_is_no_money() -> None:
    with pytest.raises(MoneyError):
        Money.parse(0.1, "EUR")  # type: ignore[arg-type]


def test_currencies_are_not_mixed() -> None:
    for combine in (Money.__add__, Money.__sub__, Money.__ge__, Money.__lt__):
        with pytest.raises(MoneyError, match="EUR and USD"):
            combine(Money(1, "EUR"), Money(1, "USD"))


def test_digits_follow_the_currency() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]
    assert str(Money(5, "KWD").decimal()) == "0.005"
    assert str(Money.zero("JPY").decimal()) == "0"
