"""How often one caller may do one thing, with Redis and without."""

import os

from app.services.rate_limits import RateLimits


def test_all_processes_count_together(valkey_url: str) -> None:
    one, other, caller = RateLimits(valkey_url), RateLimits(valkey_url), os.urandom(8).hex()
    assert one.allow("2/hour", "change", caller)
    assert other.allow("2/hour", "change", caller)
    assert not one.allow("2/hour", "change", caller)
    assert not other.allow("2/hour", "change", caller)
    assert one.allow("2/hour", "something else", caller)
    assert one.allow("2/hour", "change", "somebody else" + caller)


def test_without_redis_each_process_counts_for_itself() -> None:
    alone = RateLimits("redis://127.0.0.1:1/0")
    assert [alone.allow("2/hour", "change", "a") for _ in range(3)] == [True, True, False]
    assert alone.allow("2/hour", "change", "b")
