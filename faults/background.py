"""Work beside everything else, as long as a block lasts."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

_END_SECONDS = 30


class Background(ABC):
    """One thread of its own; `_work` ends soon after `_stop` is set."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join(_END_SECONDS)

    @abstractmethod
    def _work(self) -> None:
        """What the thread does."""
