"""Reading a request body under a cap, also when its length is not told or is a lie."""

from typing import Any

_CHUNK = 65_536


class BodyTooLarge(Exception):
    """The sender went on past the cap; nothing of it was kept."""


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """The whole body, at most `limit` bytes. Raises BodyTooLarge as soon as it is more.

    Read from the WSGI stream itself: a chunked body has no Content-Length to trust.
    """
    remaining = _announced(environ, limit)
    stream = environ["wsgi.input"]
    parts: list[bytes] = []
    read = 0
    while remaining > 0 and (part := stream.read(min(_CHUNK, remaining))):
        parts.append(part)
        read += len(part)
        remaining -= len(part)
        if read > limit:
            raise BodyTooLarge
    return b"".join(parts)


def _announced(environ: dict[str, Any], limit: int) -> int:
    """How much may come. Without a length: nothing, unless the server itself knows the end."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared.isascii() and declared.isdigit():
        if int(declared) > limit:
            raise BodyTooLarge
        return int(declared)
    return limit + 1 if environ.get("wsgi.input_terminated") else 0
