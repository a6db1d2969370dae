"""Choices made from bytes: the same bytes give the same choices, whoever made them up."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Reads choices from bytes; once they are used up, always the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, count: int) -> int:
        """A number from 0 to count - 1."""
        width = 1 if count <= 256 else 2
        return int.from_bytes(self.some(width), "little") % count if count > 1 else 0

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[self.below(len(choices))]

    def some(self, count: int) -> bytes:
        """The next ones, or fewer."""
        found = self._data[self._at : self._at + count]
        self._at += count
        return found

    def text(self) -> str:
        """A short text of any characters, half ones included."""
        raw = self.some(self.below(64))
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def rest(self) -> bytes:
        """All that is left."""
        found = self._data[self._at :]
        self._at = len(self._data)
        return found
