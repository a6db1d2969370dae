"""What takes too long is ended; what does not is left alone, and so is a cancellation by others."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from app.webhooks import deadlines as module
from app.webhooks.deadlines import Deadlines

T = TypeVar("T")


def run(scene: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: Playwright keeps an event loop in the one of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scene).result(20)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.01)


def test_what_takes_too_long_raises_timeout_and_the_task_goes_on() -> None:
    async def scene() -> str:
        deadlines = Deadlines(asyncio.get_running_loop())
        with pytest.raises(TimeoutError), deadlines.within(0.02):
            await asyncio.sleep(5)
        await asyncio.sleep(0.03)  # nothing of the deadline is left behind
        with deadlines.within(5):
            await asyncio.sleep(0.03)
        return "on"

    assert run(scene()) == "on"


def test_each_task_has_its_own_deadline() -> None:
    async def one(deadlines: Deadlines, patience: float) -> str:
        try:
            with deadlines.within(patience):
                await asyncio.sleep(0.2)
        except TimeoutError:
            return "late"
        return "done"

    async def scene() -> list[str]:
        deadlines = Deadlines(asyncio.get_running_loop())
        return await asyncio.gather(*(one(deadlines, p) for p in (0.01, 5, 0.02, 5)))

    assert run(scene()) == ["late", "done", "late", "done"]


def test_a_cancellation_by_somebody_else_stays_one() -> None:
    async def scene() -> None:
        async def waiting() -> None:
            with Deadlines(asyncio.get_running_loop()).within(5):
                await asyncio.sleep(5)

        task = asyncio.create_task(waiting())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scene())
