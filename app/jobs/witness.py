"""Redis as a witness of how far the clock has come (`services.continuity`)."""

from datetime import datetime, timedelta
from time import monotonic

from redis import Redis
from redis.exceptions import RedisError

# A server that did not answer is left alone for a while: the clock beats each second.
_PAUSE_SECONDS = 30.0
_KEPT = timedelta(days=366)


class RedisWitness:
    """One key per database. Redis may be lost: then nobody saw anything."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._again_at = 0.0

    def saw(self, identity: str) -> datetime | None:
        """What was last written of this database."""
        if monotonic() < self._again_at:
            return None
        try:
            told = self._redis.get(_key(identity))
        except RedisError:
            self._again_at = monotonic() + _PAUSE_SECONDS
            return None
        try:
            return datetime.fromisoformat(told.decode()) if isinstance(told, bytes) else None
        except ValueError:
            return None

    def write(self, identity: str, until: datetime) -> bool:
        """Remember it for a year."""
        if monotonic() < self._again_at:
            return False
        try:
            self._redis.set(_key(identity), until.isoformat(), ex=_KEPT)
        except RedisError:
            self._again_at = monotonic() + _PAUSE_SECONDS
            return False
        return True


def _key(identity: str) -> str:
    return f"last-beat:{identity}"
