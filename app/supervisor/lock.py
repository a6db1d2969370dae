"""One run per data directory."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.supervisor.guardian import GRACE_SECONDS


class AlreadyRunningError(RuntimeError):
    """Another run uses the data directory; the message says which and what to do."""


@contextmanager
def exclusive(data_dir: Path) -> Iterator[int]:
    """Holds the directory; gives the descriptor of the lock, which ends with its last holder.

    Waits for the guardian of a run that was killed to finish. Raises AlreadyRunningError.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data_dir / "afterglow.pid", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, data_dir)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, data_dir: Path) -> None:
    deadline = time.monotonic() + GRACE_SECONDS + 3
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = int(os.pread(descriptor, 20, 0) or 0)
            if _lives(holder) or time.monotonic() > deadline:
                raise AlreadyRunningError(
                    f"Afterglow already runs on {data_dir} (process {holder}). Nothing was started."
                    " Stop that one first, or give this one another data directory."
                ) from None
            time.sleep(0.1)
        else:
            return


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0
