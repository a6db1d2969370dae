"""A mail server that accepts everything and notes what came when, in a process of its own.

    python -m bench.smtp_sink PORT FILE

Each mail is a line of FILE: seconds of the system's monotonic clock, and its Message-ID.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from bench.processes import free_port


@dataclass(frozen=True, slots=True)
class Sink:
    """A running one."""

    port: int
    file: Path

    def mails(self) -> dict[str, float]:
        """When each mail came, by Message-ID. Raises AssertionError if one came twice."""
        lines = [line.split() for line in self.file.read_text().splitlines()]
        found = {name: float(at) for at, name in lines}
        assert len(found) == len(lines), "a mail came twice"
        return found


@contextmanager
def smtp_sink(folder: Path) -> Iterator[Sink]:
    """Start it, and end it afterwards."""
    sink = Sink(free_port(), folder / "mails.txt")
    sink.file.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.smtp_sink", str(sink.port), str(sink.file)]
    )
    try:
        _wait_for(sink.port)
        yield sink
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


class _Handler:
    def __init__(self, file: Path) -> None:
        self._file = file.open("a", buffering=1)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Accept the mail."""
        name = message_from_bytes(envelope.content.partition(b"\r\n\r\n")[0])["Message-ID"]
        self._file.write(f"{time.monotonic()} {name}\n")
        return "250 2.0.0 accepted"


async def _serve(port: int, file: Path) -> None:
    handler = _Handler(file)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="sink.example"), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
