import socket

import pytest
import requests

from app.platforms.woocommerce.address import (
    AddressRefused,
    checked_session,
    is_loopback,
    is_public,
)

from .fake_store import running

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::", "2001:0:7f00:1::",
    "192.0.0.1", "3fff::1", "::7f00:1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_never_a_store(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_public_addresses(address):
    assert is_public(address)
    assert not is_loopback(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_in_every_spelling(address):
    assert is_loopback(address)


@pytest.fixture
def resolving(monkeypatch):
    """Names resolve to what the test says, one list per look-up; the last one stays."""

    def to(*answers):
        left = list(answers)

        def resolve(host, port, *_, **__):
            found = left.pop(0) if len(left) > 1 else left[0]
            return [
                (
                    socket.AF_INET6 if ":" in ip else socket.AF_INET,
                    socket.SOCK_STREAM,
                    6,
                    "",
                    (ip, port, 0, 0) if ":" in ip else (ip, port),
                )
                for ip in found
            ]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    return to


@pytest.fixture
def closed_internet(monkeypatch):
    """Whatever is not loopback refuses the connection."""
    really = socket.socket.connect

    def connect(self, address):
        if not is_loopback(address[0]):
            raise ConnectionRefusedError(address[0])
        return really(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(resolving, scheme, address):
    resolving([address])
    with pytest.raises(AddressRefused, match=r"shop\.example is not a public address"):
        checked_session("t", allow_loopback=False).get(f"{scheme}://shop.example/")


def test_one_private_address_among_public_ones_is_enough(resolving):
    resolving(["93.184.216.34", "10.0.0.7"])
    with pytest.raises(AddressRefused):
        checked_session("t", allow_loopback=False).get("https://shop.example/")


def test_rebinding_to_this_machine_is_refused_at_the_next_connection(
    resolving, closed_internet, monkeypatch
):
    with running() as inside:
        port = int(inside.url.rpartition(":")[2])
        monkeypatch.setattr("app.platforms.woocommerce.address._WEB_PORTS", (port,))
        resolving(["93.184.216.34"], ["127.0.0.1"])
        session = checked_session("t", allow_loopback=False)
        with pytest.raises(requests.ConnectionError):
            session.get(f"http://shop.example:{port}/")
        with pytest.raises(AddressRefused):
            session.get(f"http://shop.example:{port}/")
        assert inside.seen == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0"])
def test_odd_spellings_of_this_machine_are_refused(host, resolving):
    resolving(["0.0.0.0" if host == "0" else "127.0.0.1"])  # as the C library reads them
    with pytest.raises(AddressRefused):
        checked_session("t", allow_loopback=False).get(f"http://{host}/")


@pytest.mark.parametrize("port", [22, 6379, 8080])
def test_other_ports_are_refused(port, resolving):
    resolving(["93.184.216.34"])
    with pytest.raises(AddressRefused):
        checked_session("t", allow_loopback=False).get(f"https://shop.example:{port}/")


def test_the_development_switch_opens_this_machine_and_nothing_else_private(resolving):
    session = checked_session("t", allow_loopback=True)
    with running() as store:
        assert session.get(store.url).status_code == 200
    resolving(["192.168.1.1"])
    with pytest.raises(AddressRefused):
        session.get("http://router.example/")


def test_proxies_and_netrc_of_the_environment_are_not_used(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with running() as store:
        checked_session("t", allow_loopback=True).get(store.url)
        assert "authorization" not in store.seen[0].headers
