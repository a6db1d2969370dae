"""Reading request bodies under a cap, also when their length is not told or is a lie.

A body is read before anybody knows whose it is. So all that are being read at one moment share a
limit, too: strangers who send slowly must not fill the memory.
"""

from collections.abc import AsyncIterable

_ALL_AT_ONCE = 64_000_000  # bytes
_DIGITS = 18  # of a length that anybody sends; Python refuses to read thousands


class BodyTooLarge(Exception):
    """The sender announced or sent more than the cap; nothing of it was kept."""


class TooMuchAtOnce(Exception):
    """All that are sending just now send too much together: to be sent again."""


class BodyCutOff(Exception):
    """The sender went away in the middle; the server hands over what came as if it were all."""


class Bodies:
    """Those that are being read."""

    def __init__(self, limit: int, all_at_once: int = _ALL_AT_ONCE) -> None:
        self._limit = limit
        self._room = max(all_at_once, limit)

    async def read(self, chunks: AsyncIterable[bytes], announced: str | None) -> bytes:
        """The whole body. Raises BodyTooLarge as soon as it is more than the limit.

        `announced` is the Content-Length, None where the sender does not know it.
        """
        length = 0
        if announced and announced.isascii() and announced.isdigit():
            if len(announced) > _DIGITS or (length := int(announced)) > self._limit:
                raise BodyTooLarge
            if not length:
                return b""
        held, parts = 0, []
        try:
            async for part in chunks:
                held += len(part)
                self._room -= len(part)
                if held > self._limit:
                    raise BodyTooLarge
                if self._room < 0:
                    raise TooMuchAtOnce
                parts.append(bytes(part))
        finally:
            self._room += held
        if held < length:
            raise BodyCutOff
        return parts[0] if len(parts) == 1 else b"".join(parts)
