"""A tiny webhook receiver that keeps what came, header by header."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Received:
    path: str
    request_line: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Receiver:
    url: str
    answers: dict[str, int] = field(default_factory=dict)  # path → status, 200 if absent
    received: list[Received] = field(default_factory=list)

    def take(self) -> list[Received]:
        """Return what came since the last call."""
        taken, self.received = self.received, []
        return taken


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(
                Received(self.path, self.requestline, list(self.headers.items()), body)
            )
            self.send_response(receiver.answers.get(self.path.partition("?")[0], 200))
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
