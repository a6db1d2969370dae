"""Answers to "is it ready?"."""

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit


def http_ready(url: str) -> Callable[[], bool]:
    """Ready when GET `url` (plain http, this machine) answers with a status below 400."""
    target = urlsplit(url)

    def ready() -> bool:
        connection = http.client.HTTPConnection(target.netloc, timeout=1)
        try:
            connection.request("GET", target.path or "/")
            return connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ready
