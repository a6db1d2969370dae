"""A served application and a store to connect, for the tests of connecting and signing in."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from werkzeug.serving import make_server

from app.db.shops import Shop, Shops
from app.web import create_app
from tests.serving import with_door
from tests.support import Harness, close, make_harness


@dataclass
class Installation:
    """Afterglow at `url`, and the store at `store`."""

    harness: Harness
    url: str
    store: str

    def shop(self) -> Shop | None:
        """The shop of the store, if there is one."""
        with self.harness.deps.db.read() as uow:
            return Shops(uow).find("woocommerce", self.store)

    def keys(self, permissions: str = "read_write") -> dict[str, str]:
        """New keys, as the merchant makes them in WooCommerce, under the names of our form."""
        wanted = {"permissions": permissions}
        made = requests.post(f"{self.store}/_twin/keys", json=wanted, timeout=5).json()
        return {"key": made["consumer_key"], "secret": made["consumer_secret"]}


@contextmanager
def installed(
    tmp_path: Path,
    database_url: str,
    free_port: Callable[[], int],
    store: str = "",
    public_url: str = "",
    **settings: Any,
) -> Iterator[Installation]:
    """Serve until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # Counters of attempts are kept per Redis address: no test uses up another one's.
    settings["redis_url"] = f"redis://127.0.0.1:{free_port()}/0"
    harness = make_harness(tmp_path, database_url, public_url or url, **settings)
    app = with_door(harness.deps, create_app(harness.deps))
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Installation(harness, url, store)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close(harness)


@dataclass
class Visitor:
    """A browser that follows links and forms like a person, without script."""

    home: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, address: str, **headers: str) -> requests.Response:
        """Open a page, redirects included."""
        return self.session.get(
            urljoin(self.home, address), headers={"Accept": "text/html", **headers}, timeout=10
        )

    def post(self, address: str, /, **form: str) -> requests.Response:
        """Submit a form, redirects included."""
        headers = {"Accept": "text/html", "Origin": self.home, "Sec-Fetch-Site": "same-origin"}
        return self.session.post(
            urljoin(self.home, address), data=form, headers=headers, timeout=10
        )

    def approve(self, page: requests.Response) -> requests.Response:
        """On the store's pages: log in if asked, then press Approve."""
        if "/wc-auth/v1/login" in page.url:
            page = self.session.post(page.url, timeout=10)
        return self.press(page, "Approve")

    def press(self, page: requests.Response, words: str) -> requests.Response:
        """Follow the link with these words."""
        found = re.search(rf'href="([^"]*)"[^>]*>{re.escape(words)}<', page.text)
        assert found, f"no link “{words}” on {page.url}"
        return self.get(urljoin(page.url, unescape(found[1])))


def asked_for(page: requests.Response) -> dict[str, str]:
    """What our redirect to the store's approval page asked for."""
    sent = next(r for r in [*page.history, page] if "/wc-auth/v1/authorize" in r.url)
    return {name: values[0] for name, values in parse_qs(urlsplit(sent.url).query).items()}
