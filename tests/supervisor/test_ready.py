"""When a web process counts as ready."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.supervisor.ready import http_ready


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_ready_means_a_good_answer(status, ready):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert http_ready(f"http://127.0.0.1:{server.server_port}/readyz")() is ready
        thread.join()


def test_nobody_listening_is_not_ready(free_port):
    assert http_ready(f"http://127.0.0.1:{free_port()}/")() is False
