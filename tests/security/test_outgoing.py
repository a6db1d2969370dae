"""Where we connect to because somebody typed it: public web servers, and nothing behind us.

Sockets are real; whatever would leave this machine is written down instead of connected to.
"""

import _socket
import gzip
import ipaddress
import socket
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
import requests

import twins.shopify
from app.domain.clocks import WallClock
from app.domain.errors import MerchantMustFix, Retryable
from app.http import EXTENSION
from app.platforms.base import Connection
from app.platforms.shopify.platform import Shopify
from app.platforms.woocommerce.client import StoreClient
from app.platforms.woocommerce.probe import ProbeFailure, probe
from app.services.rate_limits import rate_limits
from tests.http.merchant_shop import MerchantShop
from tests.support import CLIENT_ID, CLIENT_SECRET, MovableClock
from tests.unit.woocommerce_platform.fake_store import JSON, running

SHOP = "cinar-breza.myshopify.com"
METADATA = "169.254.169.254"
# Names, and what they resolve to: the attacker's own, which lead where he likes.
NAMES = {
    "inside.evil.example": ["10.0.0.7"],
    "metadata.evil.example": [METADATA],
    "both.evil.example": ["93.184.216.34", "127.0.0.1"],
    "six.evil.example": ["::1"],
    "mapped.evil.example": ["::ffff:169.254.169.254"],
    "compatible.evil.example": ["::127.0.0.1"],
    "nat64.evil.example": ["64:ff9b::a9fe:a9fe"],
    "local-nat64.evil.example": ["64:ff9b:1::a9fe:a9fe"],
    "sixtofour.evil.example": ["2002:a9fe:a9fe::1"],
    "teredo.evil.example": ["2001:0:7f00:1::"],
    "linklocal.evil.example": ["fe80::1%1"],
    "unique.evil.example": ["fd00::1"],
    "localhost": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "public.example": ["93.184.216.34"],
}
# Every spelling leads inside, or is no address; the C library reads the numbers, as in production.
SPELLINGS = (
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
    "017700000001", "0", "0.0.0.0", "127.0.0.1.", "169.254.169.254", "0xa9fea9fe", "2852039166",
    "0251.0376.0251.0376", "10.0.0.7", "192.168.1.1", "100.64.0.1", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]", "[2001:0:7f00:1::]", "[fe80::1%25lo]", "[fe80::1%lo]", "[fd00::1]",
    "[fec0::1]", "localhost", "LOCALHOST", "localhost.", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "１２７.0.0.1",
    "127。0。0。1", "①②⑦.⓪.⓪.①", "public.example@127.0.0.1", "public.example:80@127.0.0.1",
    "127.0.0.1\\@public.example", "127.0.0.1#@public.example", "127.0.0.1?@public.example",
    "127.0.0.1/@public.example", "public.example\\@127.0.0.1", "127.0.0.1:80", "127.0.0.1:443",
    "127.0.0.1%00.public.example", "127.0.0.1%2f@public.example", "127.0.0.1\t.public.example",
    *(name for name in NAMES if name != "public.example"),
)  # fmt: skip


@dataclass
class Network:
    """What was asked of names, and where to connections were tried."""

    tried: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    found = Network()

    def resolve(host: object, port: object, *rest: object, **more: object) -> list[object]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        found.names.append(name)
        answers = NAMES.get(name.lower(), [name])
        result: list[object] = []
        for answer in answers:
            try:
                result += _socket.getaddrinfo(
                    answer, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST
                )
            except socket.gaierror:
                raise socket.gaierror(socket.EAI_NONAME, "no such name") from None
        return result

    def connect(_self: socket.socket, address: tuple[object, ...]) -> None:
        if address[1] in (80, 443):  # not Redis, which is asked for counters
            found.tried.append(str(address[0]))
        raise ConnectionRefusedError(address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return found


def test_no_spelling_leads_inside(network: Network) -> None:
    for scheme in ("", "http://", "https://", "HTTPS://", "//"):
        for spelling in SPELLINGS:
            found = probe(f"{scheme}{spelling}", user_agent="t")
            assert isinstance(found, ProbeFailure), spelling
            assert found.code in ("address_invalid", "address_not_public", "dns", "unreachable"), (
                spelling
            )
    inside = [each for each in network.tried if not ipaddress.ip_address(each).is_global]
    assert inside == []
    # Of a name that is really public something was tried, so the look would see it.
    assert probe("public.example", user_agent="t").code == "unreachable"  # type: ignore[union-attr]
    assert "93.184.216.34" in network.tried


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "dict", "ldap", "data", "unix", "jar"])
def test_no_other_scheme_is_spoken(network: Network, scheme: str) -> None:
    failure = probe(f"{scheme}://public.example/etc/passwd", user_agent="t")
    assert failure == ProbeFailure(
        "address_invalid", {"address": f"{scheme}://public.example/etc/passwd"}
    )
    assert network.names == []


def test_the_forms_tell_nothing_about_what_is_inside(shop: MerchantShop, network: Network) -> None:
    """Open, closed and missing look alike, so nobody scans our network through us."""
    settings = shop.deps.settings.model_copy(update={"allow_loopback_stores": False})
    shop.app.extensions[EXTENSION] = replace(shop.deps, settings=settings)
    rate_limits.cache_clear()
    pages = set()
    for host in ("127.0.0.1", "10.0.0.7", METADATA, "inside.evil.example", "[::1]"):
        answer = shop.app.test_client().post("/connect/woocommerce", data={"address": host})
        assert answer.status_code == 422
        pages.add(answer.text.replace(host, "…"))
    assert len(pages) == 1
    assert network.tried == []


# a store that turns bad after it was connected


@dataclass
class Moving:
    """A name that leads to a public address first, and inside from the second look-up on."""

    seen: int = 0

    def resolve(self, _host: object, port: object, *_: object, **__: object) -> list[object]:
        self.seen += 1
        ip = "93.184.216.34" if self.seen == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]


def test_a_name_that_moves_inside_between_look_up_and_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: each connection resolves once, and connects to exactly what it looked at."""
    with running() as inside:
        port = int(inside.url.rpartition(":")[2])
        tried: list[object] = []
        real = socket.socket.connect

        def connect(self: socket.socket, address: tuple[object, ...]) -> None:
            tried.append(address)
            if address[0] != "127.0.0.1":
                raise ConnectionRefusedError(address)
            real(self, address)  # type: ignore[arg-type]

        monkeypatch.setattr("app.platforms.woocommerce.address._WEB_PORTS", (port,))
        monkeypatch.setattr(socket, "getaddrinfo", Moving().resolve)
        monkeypatch.setattr(socket.socket, "connect", connect)
        store = client(f"https://shop.example:{port}")
        with pytest.raises(Retryable):
            store.post("orders/1", {"status": "completed"})
        with pytest.raises(MerchantMustFix) as refused:
            store.post("orders/1", {"status": "completed"})
        assert refused.value.problem == "store_address_refused"
        assert tried == [("93.184.216.34", port)]
        assert inside.seen == []


def client(home: str, *, allow_loopback: bool = False) -> StoreClient:
    clock = MovableClock(datetime(2026, 11, 24, tzinfo=UTC))
    keys = ("ck_" + "a" * 40, "cs_" + "b" * 40)
    return StoreClient(home, keys, user_agent="t", wall=clock, allow_loopback=allow_loopback)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_with_keys(status: int) -> None:
    with running() as inside, running() as store:
        store.answer = lambda _: (status, {"Location": f"{inside.url}/wp-json/wc/v3/orders"}, b"")
        for call in (
            lambda: client(store.url, allow_loopback=True).get("orders"),
            lambda: client(store.url, allow_loopback=True).post("orders", {}),
        ):
            with pytest.raises(MerchantMustFix) as refused:
                call()
            assert refused.value.problem == "store_moved"
        assert inside.seen == []


@pytest.mark.parametrize(
    "elsewhere", ["http://169.254.169.254/latest/", "//10.0.0.7/", "http://[::1]/", "/\\10.0.0.7"]
)
def test_a_page_leads_the_look_at_a_store_nowhere_else(elsewhere: str) -> None:
    """Neither by a redirect nor by the address of its interface."""
    for answer in (
        (302, {"Location": elsewhere}, b""),
        (200, {"Link": f'<{elsewhere}wp-json/>; rel="https://api.w.org/"'}, b"<html>"),
    ):
        with running() as store:
            store.answer = lambda seen, reply=answer: reply if seen.path == "/" else (404, {}, b"")
            found = probe(store.url, user_agent="t", allow_loopback=True)
            assert isinstance(found, ProbeFailure), elsewhere
            assert found.code in (
                "redirects_elsewhere",
                "not_wordpress",
                "rest_moved",
                "rest_blocked",
            )


def bomb(megabytes: int) -> bytes:
    """So much of nothing, as a thousandth of it."""
    packer = zlib.compressobj(1, wbits=31)
    pieces = [packer.compress(b"\0" * 1_000_000) for _ in range(megabytes)]
    return b"".join([*pieces, packer.flush()])


@pytest.fixture(scope="module")
def small_and_huge() -> bytes:
    return bomb(100)


def peak(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_stores_answer_that_unpacks_without_end_is_cut_off(small_and_huge: bytes) -> None:
    packed = {"Content-Encoding": "gzip", **JSON}
    with running() as store:
        store.answer = lambda _: (200, packed, small_and_huge)

        def ask() -> None:
            with pytest.raises(Retryable):
                client(store.url, allow_loopback=True).post("orders", {})

        assert peak(ask) < 80_000_000
        assert peak(lambda: probe(store.url, user_agent="t", allow_loopback=True)) < 20_000_000


def test_a_stores_answer_packed_twice_is_no_way_around(small_and_huge: bytes) -> None:
    packed = {"Content-Encoding": "gzip, gzip", **JSON}
    twice = gzip.compress(small_and_huge)
    with running() as store:
        store.answer = lambda _: (200, packed, twice)

        def ask() -> None:
            with pytest.raises((Retryable, MerchantMustFix)):
                client(store.url, allow_loopback=True).post("orders", {})

        assert peak(ask) < 80_000_000


def test_shopifys_answers_are_cut_off_too() -> None:
    """Once, and not asked for again at once: what follows is a try later, with these words."""
    with twins.shopify.start(client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as twin:
        shopify = Shopify(CLIENT_ID, [CLIENT_SECRET], WallClock(), twin.url)
        orders = shopify.open(Connection(SHOP, token=lambda _: "token")).orders
        faults = f"{twin.url}/_twin/faults"
        for ask in (lambda: orders.fetch("1"), lambda: shopify.tokens.refresh(SHOP, "token")):
            requests.post(faults, json={"kind": "bomb", "times": 1}, timeout=5).raise_for_status()

            def cut_off(ask: Callable[[], object] = ask) -> None:
                with pytest.raises(Retryable, match="too large"):
                    ask()

            assert peak(cut_off) < 80_000_000
            assert requests.get(faults, timeout=5).json() == []


def test_a_stores_answer_that_is_too_deep_is_no_answer() -> None:
    with running() as store:
        store.answer = lambda _: (200, JSON, b"[" * 200_000)
        with pytest.raises(MerchantMustFix) as refused:
            client(store.url, allow_loopback=True).get("orders")
        assert refused.value.problem == "store_not_json"
        assert isinstance(probe(store.url, user_agent="t", allow_loopback=True), ProbeFailure)
