"""Answers of stores, read under a cap: one that was taken over may send, or unpack, without end."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests

from app.domain.errors import Retryable

_LARGEST = 16 * 1024 * 1024  # bytes, unpacked; 100 orders with many lines are about 1 MB
_WHOLE_ANSWER = 60  # seconds for one answer, however slowly it drips


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_capped(response: requests.Response, largest: int = _LARGEST) -> Raw:
    """All of an answer to a request that was made with `stream=True`.

    Raises Retryable if it is too large or comes too slowly; requests' and urllib3's own errors.
    """
    until = time.monotonic() + _WHOLE_ANSWER
    body = bytearray()
    while chunk := response.raw.read1(65536, decode_content=True):
        body += chunk
        if len(body) > largest or time.monotonic() > until:
            raise Retryable("The store's answer is too large or too slow; it was cut off.")
    return Raw(response.status_code, response.headers, bytes(body))
