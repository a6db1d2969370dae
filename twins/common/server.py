"""Runs a twin's WSGI application as a real threaded HTTP/1.1 server inside this process."""

from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import format_datetime
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


STOP_POLL_SECONDS = 0.05  # how soon a stopped server notices


class RunningTwin:
    """A started twin; `stop()` ends it, and leaving a `with` block does too."""

    def __init__(self, server: BaseWSGIServer, on_stop: Sequence[Callable[[], None]]) -> None:
        self._server = server
        self._on_stop = on_stop
        self._thread = Thread(
            target=server.serve_forever, args=(STOP_POLL_SECONDS,), name="twin-server", daemon=True
        )
        self._thread.start()
        self.url = f"http://{server.host}:{server.port}"

    def stop(self) -> None:
        """Stop answering, then release what the twin holds (queue threads, state file)."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for release in self._on_stop:
            release()

    def wait(self) -> None:
        """Block until the server ends (for the command line)."""
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    app: "WSGIApplication",
    now: Callable[[], datetime],
    host: str = "127.0.0.1",
    port: int = 0,
    on_stop: Sequence[Callable[[], None]] = (),
) -> RunningTwin:
    """Serve `app`; port 0 takes a free one. `now` (business time) feeds the Date header."""

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 -- inherited
            return format_datetime(now(), usegmt=True)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Stay silent: the demo's terminal belongs to the app."""

    server = make_server(host, port, app, threaded=True, request_handler=Handler)
    return RunningTwin(server, on_stop)
