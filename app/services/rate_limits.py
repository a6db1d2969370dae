"""How often one caller may do one thing: counted in Redis, in this process while Redis is away."""

import hashlib
from functools import cache

from limits import parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

_PATIENCE_SECONDS = 1  # a page must not wait for a dead Redis


class RateLimits:
    """Counters. Callers are kept as hashes only, as they may be addresses or tokens."""

    def __init__(self, redis_url: str) -> None:
        shared = storage_from_string(
            f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url,
            socket_connect_timeout=_PATIENCE_SECONDS,
            socket_timeout=_PATIENCE_SECONDS,
            wrap_exceptions=True,
        )
        self._shared = FixedWindowRateLimiter(shared)
        self._own = FixedWindowRateLimiter(MemoryStorage())

    def allow(self, rate: str, what: str, whom: str) -> bool:
        """Count one; False once a rate such as "20/hour" is used up."""
        limit, caller = parse(rate), hashlib.sha256(whom.encode()).hexdigest()
        try:
            return bool(self._shared.hit(limit, what, caller))
        except StorageError:
            return bool(self._own.hit(limit, what, caller))


@cache
def rate_limits(redis_url: str) -> RateLimits:
    """The counters of this process."""
    return RateLimits(redis_url)
