"""A load generator that costs little: raw sockets, one thread, requests made beforehand.

Closed loop (`saturate`): each connection has one request under way, as fast as answers come. Open
loop (`paced`): requests are due at fixed times whatever the answers do, and time counts from when
one was due. Every answer is read to its end, and its status is counted.
"""

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from bench.deliveries import Deliveries

CONNECTIONS = 32
_PATIENCE = 30.0  # seconds without any answer: then the server is broken, and so is the run
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Result:
    """What came back."""

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    unsent: int = 0  # were due but not sent: the server was so late that waiting was given up

    @property
    def answered(self) -> int:
        """How many requests were answered, whatever the status."""
        return len(self.milliseconds)

    @property
    def acknowledged(self) -> int:
        """How many deliveries were answered 200: those are promised to be stored."""
        return self.statuses[200]

    def percentile(self, percent: float) -> float:
        """Milliseconds within which so many of the answers came."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class BrokenAnswer(Exception):
    """A server closed a connection too early or answered what no server should."""


class _Connection:
    """One request under way at most. Blocking, because it is only read when there is something."""

    __slots__ = ("_got", "_length", "due", "socket", "status")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(None)
        self._got, self._length, self.due, self.status = b"", 0, 0.0, 0

    def send(self, request: bytes, due: float) -> None:
        self._got, self._length, self.due, self.status = b"", -1, due, 0
        self.socket.sendall(request)

    def read(self) -> bool:
        """Take what came; True once the answer is complete."""
        part = self.socket.recv(65_536)
        if not part:
            raise BrokenAnswer(f"The connection was closed in the middle: {self._got[:100]!r}")
        self._got += part
        if self._length < 0:
            end = self._got.find(_HEAD_END)
            if end < 0:
                return False
            self.status = int(self._got[9:12])
            self._length = end + len(_HEAD_END) + _content_length(self._got[:end].lower())
        return len(self._got) >= self._length


def saturate(
    port: int, deliveries: Deliveries, seconds: float, connections: int = CONNECTIONS
) -> Result:
    """As many as the server takes in so much time; those under way at the end are waited for."""
    result = Result()
    with _connections(selectors.DefaultSelector()) as selector:
        began = now = time.perf_counter()
        end = began + seconds
        for _ in range(connections):
            _start(selector, _Connection(port), next(deliveries), time.perf_counter())
        while selector.get_map():
            for connection in _answered(selector, result):
                now = time.perf_counter()
                if now < end and deliveries.keep_alive:
                    connection.send(next(deliveries), now)
                    continue
                _close(selector, connection)
                if now < end:
                    _start(selector, _Connection(port), next(deliveries), time.perf_counter())
        result.seconds = now - began
    return result


def paced(
    port: int,
    deliveries: Deliveries,
    rate: float,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Result:
    """So many a second, evenly, on whichever connection is free when one is due.

    A server that cannot keep up is given as much time again, then the rest is not sent.
    """
    result = Result()
    # select() keeps time to the microsecond, epoll to the millisecond only.
    with _connections(selectors.SelectSelector()) as selector, ExitStack() as stack:
        idle: deque[_Connection] = deque()
        stack.callback(lambda: [connection.socket.close() for connection in idle])
        idle.extend(_Connection(port) for _ in range(connections if deliveries.keep_alive else 0))
        sent, wanted = 0, round(rate * seconds)
        began = time.perf_counter()
        while sent < wanted or selector.get_map():
            if sent < wanted and time.perf_counter() > began + 2 * seconds:
                result.unsent, wanted = wanted - sent, sent
                continue
            wait = _PATIENCE  # for an answer; for the next one to be due only if it could be sent
            while sent < wanted and len(selector.get_map()) < connections:
                due = began + sent / rate
                if (early := due - time.perf_counter()) > 0:
                    wait = early
                    break
                connection = idle.popleft() if idle else _Connection(port)
                _start(selector, connection, next(deliveries), due)
                sent += 1
            for connection in _answered(selector, result, wait):
                if deliveries.keep_alive:
                    selector.unregister(connection.socket)
                    idle.append(connection)
                else:
                    _close(selector, connection)
        result.seconds = time.perf_counter() - began
    return result


@contextmanager
def _connections(selector: selectors.BaseSelector) -> Iterator[selectors.BaseSelector]:
    """Whatever is open when something goes wrong is closed."""
    with selector:
        try:
            yield selector
        finally:
            for key in list(selector.get_map().values()):
                _close(selector, key.data)


def _answered(
    selector: selectors.BaseSelector, result: Result, wait: float = _PATIENCE
) -> Iterator[_Connection]:
    """Connections whose answer is complete, counted, with the time from when it was due."""
    ready = selector.select(wait)
    if not ready and wait >= _PATIENCE:
        raise BrokenAnswer(f"No answer within {_PATIENCE:.0f} seconds")
    for key, _ in ready:
        connection: _Connection = key.data
        if connection.read():
            took = time.perf_counter() - connection.due
            result.milliseconds.append(took * 1000)
            result.statuses[connection.status] += 1
            yield connection


def _start(
    selector: selectors.BaseSelector, connection: _Connection, request: bytes, due: float
) -> None:
    connection.send(request, due)
    selector.register(connection.socket, selectors.EVENT_READ, connection)


def _close(selector: selectors.BaseSelector, connection: _Connection) -> None:
    selector.unregister(connection.socket)
    connection.socket.close()


def _content_length(head: bytes) -> int:
    at = head.find(_LENGTH)
    if at < 0:
        if b"transfer-encoding:" in head:
            raise BrokenAnswer("An answer without a length")
        return 0
    return int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
