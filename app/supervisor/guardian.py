"""The process that outlives a killed supervisor and ends what it left behind.

PR_SET_PDEATHSIG reaches only direct children and only on Linux: web server workers and work horses
would stay. So the supervisor starts one guardian in a session of its own and tells it, through a
pipe, which process groups exist. When the pipe closes, however that came about, the guardian ends
all of them. It holds the lock of the data directory meanwhile, so that nothing new starts there.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

from app.supervisor.processes import kill_group, kill_run, processes_of_run

GRACE_SECONDS = 3.0


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self, run: str, lock: int) -> None:
        """`lock` is the file descriptor that holds the data directory's lock."""
        self._popen = subprocess.Popen(  # noqa: S603 - the command line is ours
            [sys.executable, "-m", "app.supervisor.guardian", run],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock],
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Tells it of a new process group."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Tells it that a process group has ended: the number may be used again by others."""
        self._tell(f"-{group}\n")

    def dismiss(self) -> None:
        """Lets it finish, which it does at once when nothing is left."""
        if self._popen.stdin:
            with suppress(BrokenPipeError):
                self._popen.stdin.close()
        self._popen.wait()

    def _tell(self, line: str) -> None:
        if self._popen.stdin:
            with suppress(BrokenPipeError):  # somebody killed it: go on without
                self._popen.stdin.write(line.encode())
                self._popen.stdin.flush()


def main(run: str, lines: Iterable[str]) -> None:
    """Follows the supervisor's lines to their end, then ends what still runs."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with suppress(ProcessLookupError):
            os.kill(group, signal.SIGTERM)  # the leader, which stops its own children
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and (any(map(_exists, groups)) or processes_of_run(run)):
        time.sleep(0.05)
    for group in groups:
        kill_group(group)
    kill_run(run)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main(sys.argv[1], sys.stdin)
