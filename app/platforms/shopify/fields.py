"""Reading decoded JSON strictly: each value is checked where it is read, errors name the path.

Errors never contain values, which may be personal. Ids stay text and never pass through a float:
numbers with a fraction are decoded as Decimal and are refused as ids.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from app.domain.errors import BadPayload
from app.domain.ids import PlatformId
from app.domain.money import Money, MoneyError
from app.platforms.shopify.ids import number_of
from app.platforms.shopify.times import parse_time

T = TypeVar("T")

_NO_ID = 10**20  # ids have 64 bits


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _storable(text: str) -> str:
    """Half an emoji and NUL are valid JSON, but neither can be encoded and stored."""
    return text.encode(errors="replace").decode().replace("\0", "").strip()


class Fields:
    """An object of a body. Every reader raises BadPayload if the value has the wrong shape."""

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        self._values = values
        self._path = path

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        """Read a body that must be one JSON object."""
        try:
            values = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise BadPayload("the body is not JSON") from error
        if not isinstance(values, dict):
            raise BadPayload("the body is not a JSON object")
        return cls(values, "")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str) -> str:
        """A text that must be there."""
        return self._required(key, self.text_or_none(key))

    def text_or_none(self, key: str) -> str | None:
        """A text without blanks around it (names may have them); empty counts as absent."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self._refuse(key, "text")
        return _storable(value) or None

    def id(self, key: str) -> PlatformId:
        """A REST id, written as a number."""
        return self._required(key, self.id_or_none(key))

    def id_or_none(self, key: str) -> PlatformId | None:
        """A REST id, written as a number, or nothing."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _NO_ID:
            self._refuse(key, "id")
        return str(value)

    def gid(self, key: str = "id") -> PlatformId:
        """The number in a global id."""
        try:
            return number_of(self._values.get(key))
        except BadPayload:
            self._refuse(key, "global id")

    def time(self, key: str) -> datetime:
        """A time that must be there, in UTC."""
        return self._required(key, self.time_or_none(key))

    def time_or_none(self, key: str) -> datetime | None:
        """A time in UTC, or nothing."""
        text = self.text_or_none(key)
        try:
            return parse_time(text) if text else None
        except ValueError:
            self._refuse(key, "time with an offset")

    def flag(self, key: str) -> bool:
        """A boolean; absent and null are False."""
        return self.flag_or_none(key) or False

    def flag_or_none(self, key: str) -> bool | None:
        """A boolean, or nothing."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            self._refuse(key, "boolean")
        return value

    def count(self, key: str) -> int:
        """A whole number; GraphQL writes large ones as text."""
        value = self._values.get(key)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(key, "whole number")
        return value

    def currency(self, key: str) -> str:
        """An ISO 4217 code."""
        return self._money(key, "0", self.text(key)).currency

    def money(self, key: str, currency: str) -> Money:
        """A REST amount: decimal text, in a currency that stands elsewhere."""
        return self._money(key, self.text(key), currency)

    def money_v2(self, key: str) -> Money:
        """A GraphQL amount with its currency."""
        return self.node(key).amount()

    def shop_money(self, key: str) -> Money:
        """The shop's side of a GraphQL money bag."""
        return self.node(key).money_v2("shopMoney")

    def amount(self) -> Money:
        """This object read as {amount, currencyCode}."""
        return self.money("amount", self.text("currencyCode"))

    def node(self, key: str) -> "Fields":
        """An object that must be there."""
        return self._required(key, self.node_or_none(key))

    def node_or_none(self, key: str) -> "Fields | None":
        """An object, or nothing."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._refuse(key, "object")
        return Fields(value, self._at(key))

    def nodes(self, key: str) -> Iterator["Fields"]:
        """The objects of a list; absent and null are an empty one."""
        value = self._values.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self._refuse(key, "list")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                self._refuse(f"{key}[{index}]", "object")
            yield Fields(item, self._at(f"{key}[{index}]"))

    def ids(self, key: str) -> tuple[PlatformId, ...]:
        """A list of REST ids; absent and null are an empty one."""
        values = self._values.get(key) or []
        if not isinstance(values, list):
            self._refuse(key, "list")
        numbered = Fields({str(i): value for i, value in enumerate(values)}, self._at(key))
        return tuple(numbered.id(str(i)) for i in range(len(values)))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; absent and null are an empty one."""
        values = self._values.get(key) or []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self._refuse(key, "list of texts")
        return tuple(map(_storable, values))

    def _money(self, key: str, amount: str, currency: str) -> Money:
        try:
            return Money.parse(amount, currency)
        except MoneyError:
            self._refuse(key, "money")

    def _required(self, key: str, value: T | None) -> T:
        if value is None:
            self._refuse(key, "value")
        return value

    def _refuse(self, key: str, expected: str) -> NoReturn:
        raise BadPayload(f"{self._at(key)}: {expected} expected")

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key
