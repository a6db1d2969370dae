"""Money as integer minor units with an ISO 4217 currency; never a float."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# ISO 4217 exponents that differ from 2 (list one, active currencies of the two platforms).
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND",
            "VUV", "XAF", "XOF", "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip

# Stricter than Decimal, which also reads "1_000", "NaN" and the digits of other scripts.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)


class MoneyError(ValueError):
    """An amount that is no money, or two amounts that cannot be added."""


def exponent(currency: str) -> int:
    """Number of minor digits of a currency: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of one currency."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str | int | Decimal, currency: str) -> "Money":
        """Read a platform's decimal text ("19.90"). Raises MoneyError for anything else."""
        code = currency.upper()
        if len(code) != 3 or not code.isascii() or not code.isalpha():
            raise MoneyError(f"{currency!r} is not an ISO 4217 currency code")
        if isinstance(amount, bool | float) or not _NUMBER.fullmatch(str(amount).strip()):
            raise MoneyError(f"{amount!r} is not an amount of money")
        value = Decimal(amount)
        if abs(value) >= Decimal(10) ** 15:
            raise MoneyError(f"{amount!r} is not an amount of money")
        digits = exponent(code)
        rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        return cls(int(rounded.scaleb(digits)), code)

    @classmethod
    def zero(cls, currency: str) -> "Money":
        """Nothing, in the given currency."""
        return cls(0, currency)

    def decimal(self) -> Decimal:
        """The amount in major units, with the currency's own number of digits."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other).minor

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be combined")
        return other
