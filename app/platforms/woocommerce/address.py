"""Connections to addresses that merchants type: checked and pinned, each time one is opened.

A store's host name may resolve to our own network, today or only at the second look-up (DNS
rebinding). So the check sits where the socket is opened: the name is resolved once, every address
it has must be public, and exactly those addresses are connected to. TLS still verifies the name.
"""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

from app.domain.errors import MerchantMustFix

_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

# IANA's special registries where Python versions differ, and tunnels (6to4, Teredo) whose far end
# may be anything.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
_WEB_PORTS = (80, 443)


class AddressRefused(MerchantMustFix):
    """The store's host is not a public web server."""

    def __init__(self, host: str) -> None:
        super().__init__(
            "store_address_refused",
            f"{host} is not a public address, so nothing was sent to it. Remedy: connect the store"
            " under the address that its customers use.",
            host=host,
        )


def is_public(text: str) -> bool:
    """Whether an IP address belongs to the public internet, also when wrapped in IPv6."""
    address = _unwrapped(ipaddress.ip_address(text))
    if any(address in network for network in _NEVER):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address in _GLOBAL_UNICAST
    return address.is_global and not address.is_multicast


def is_loopback(text: str) -> bool:
    """Whether an IP address is this machine."""
    return _unwrapped(ipaddress.ip_address(text)).is_loopback


def _unwrapped(address: _IPAddress) -> _IPAddress:
    """The IPv4 address inside an IPv6 one, where a packet would end at it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


class _CheckedConnection(HTTPConnection):
    allow_loopback = False

    def _new_conn(self) -> socket.socket:
        """Open the socket; urllib3 calls this for every new connection and then adds TLS."""
        return _connect(self, self.allow_loopback)


class _CheckedTlsConnection(HTTPSConnection):
    allow_loopback = False

    def _new_conn(self) -> socket.socket:
        return _connect(self, self.allow_loopback)


class _DevelopmentConnection(_CheckedConnection):
    allow_loopback = True


class _DevelopmentTlsConnection(_CheckedTlsConnection):
    allow_loopback = True


class _CheckedPool(HTTPConnectionPool):
    ConnectionCls = _CheckedConnection


class _CheckedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTlsConnection


class _DevelopmentPool(HTTPConnectionPool):
    ConnectionCls = _DevelopmentConnection


class _DevelopmentTlsPool(HTTPSConnectionPool):
    ConnectionCls = _DevelopmentTlsConnection


def _connect(connection: HTTPConnection, allow_loopback: bool) -> socket.socket:
    host, port = connection.host, connection.port
    if port not in _WEB_PORTS and not allow_loopback:
        raise AddressRefused(host)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label longer than DNS allows
        raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
    except socket.gaierror as error:
        raise NameResolutionError(host, connection, error) from error
    for *_, address in found:
        ip = str(address[0])
        if not (is_public(ip) or (allow_loopback and is_loopback(ip))):
            raise AddressRefused(host)
    return _first_that_answers(connection, found)


def _first_that_answers(connection: HTTPConnection, found: Sequence[Any]) -> socket.socket:
    failure: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in found:
        opened = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                opened.setsockopt(*option)
            opened.settimeout(connection.timeout)
            opened.connect(address)
        except OSError as error:
            opened.close()
            failure = error
        else:
            return opened
    raise NewConnectionError(connection, str(failure)) from failure


class _CheckedAdapter(HTTPAdapter):
    """Opens only checked connections; never goes through a proxy of the environment."""

    def __init__(self, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        super().__init__(pool_connections=1, pool_maxsize=2)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **_: Any
    ) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block)
        self.poolmanager.pool_classes_by_scheme = (
            {"http": _DevelopmentPool, "https": _DevelopmentTlsPool}
            if self._allow_loopback
            else {"http": _CheckedPool, "https": _CheckedTlsPool}
        )


def checked_session(user_agent: str, *, allow_loopback: bool) -> requests.Session:
    """A session that reaches public web servers only.

    `allow_loopback` is the development switch: also this machine, and any port. The environment
    is not trusted: a proxy would resolve names unchecked, a .netrc would replace our keys.
    """
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, _CheckedAdapter(allow_loopback))
    return session
