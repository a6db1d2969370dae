"""From what a merchant typed to a store that can be connected, or to what is in the way.

Every failure is a value with a stable code, so that the page can name the remedy:

- address_invalid: it is no web address (`address`)
- address_not_public: it leads into a private network (`host`)
- dns: there is no such name (`host`)
- unreachable: nobody answers (`host`)
- tls: the certificate is not valid (`host`)
- http_only: the store answers, but not under https (`host`)
- redirects_elsewhere: the address belongs to another one (`host`: the other one)
- server_error: the store answers with an error of its own (`status`)
- not_wordpress: there is a site, but no WordPress (`host`)
- rest_blocked: a firewall, a log-in or a plugin hides the REST API (`status`)
- rest_moved: the REST API is not under /wp-json/ (`root`)
- plain_permalinks: permalinks are set to "plain"
- woocommerce_missing: WordPress without WooCommerce, or one older than 3.5 (`name`)
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, NameResolutionError

from app.platforms.woocommerce.address import AddressRefused, checked_session

_TIMEOUTS = (3, 10)
_ENOUGH = 256 * 1024  # bytes of a page: its head, or the whole index without routes
_REDIRECTS = 4
_REST_REL = "https://api.w.org/"
_PRETTY_ROOT = "/wp-json/"
_OWN_PAGES = re.compile(r"/(wp-admin|wp-login\.php|wp-json|index\.php)(/.*)?$")
_GENERATOR = re.compile(r'<meta name="generator" content="(WordPress|WooCommerce) ([0-9.]+)')
_LOCAL_NAMES = re.compile(r"localhost|127\.[0-9.]+|\[::1\]")


@dataclass(frozen=True, slots=True)
class StoreFound:
    """A store that can be connected. `home` has no slash at its end.

    Versions are None where the theme hides them; with keys `StoreInfo.versions` tells them.
    """

    home: str
    name: str
    wordpress: str | None
    woocommerce: str | None


@dataclass(frozen=True, slots=True)
class ProbeFailure:
    """What is in the way; codes and params as in the module's docstring."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


class _Stopped(Exception):
    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.failure = ProbeFailure(code, params)


@dataclass(frozen=True, slots=True)
class _Seen:
    url: str
    status: int
    rest_root: str | None
    location: str | None
    text: str


def probe(
    address: str, *, user_agent: str, allow_loopback: bool = False
) -> StoreFound | ProbeFailure:
    """Look at the address as a visitor would; at most about ten small requests, no keys."""
    with checked_session(user_agent, allow_loopback=allow_loopback) as session:
        try:
            return _probe(session, address, allow_loopback)
        except _Stopped as stopped:
            return stopped.failure


def _probe(session: requests.Session, address: str, allow_loopback: bool) -> StoreFound:
    start = _start(address, allow_loopback)
    page = _front_page(session, start, allow_loopback)
    root = _rest_root(page)
    index = _index(session, page, root)
    if "wc/v3" not in index["namespaces"]:
        raise _Stopped("woocommerce_missing", name=str(index.get("name") or _host(page.url)))
    home = root.removesuffix(_PRETTY_ROOT)
    versions = dict(_GENERATOR.findall(page.text))
    return StoreFound(
        home=home,
        name=str(index.get("name") or _host(home)),
        wordpress=versions.get("WordPress"),
        woocommerce=versions.get("WooCommerce"),
    )


def _start(address: str, allow_loopback: bool) -> str:
    """The address as a URL: https unless development asks otherwise, IDNA, no query."""
    text = address.strip()
    if "://" not in text:
        local = allow_loopback and _LOCAL_NAMES.match(text)
        text = f"{'http' if local else 'https'}://{text}"
    try:
        prepared = requests.Request("GET", text).prepare().url or ""
        parts = urlsplit(prepared)
        port = parts.port
    except (requests.RequestException, ValueError) as error:
        raise _Stopped("address_invalid", address=address[:200]) from error
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
        or (port not in (None, 80, 443) and not allow_loopback)
    ):
        raise _Stopped("address_invalid", address=address[:200])
    if not allow_loopback:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        parts = SplitResult("https", host, parts.path, "", "")
    path = _OWN_PAGES.sub("", parts.path).rstrip("/") + "/"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _front_page(session: requests.Session, start: str, allow_loopback: bool) -> _Seen:
    try:
        return _followed(session, start)
    except _Stopped as stopped:
        if allow_loopback or stopped.failure.code not in ("unreachable", "tls"):
            raise
        _stop_if_only_http(session, start)
        raise


def _stop_if_only_http(session: requests.Session, start: str) -> None:
    plain = start.replace("https://", "http://", 1)
    try:
        seen = _get(session, plain)
    except _Stopped:
        return
    if not (seen.location or "").startswith("https://"):
        raise _Stopped("http_only", host=_host(start))


def _followed(session: requests.Session, start: str) -> _Seen:
    """The page behind redirects that stay at the same name, with or without "www."."""
    url = start
    for _ in range(_REDIRECTS):
        seen = _get(session, url)
        if seen.location is None:
            return seen
        target = urljoin(url, seen.location)
        if _bare_host(target) != _bare_host(start):
            raise _Stopped("redirects_elsewhere", host=_host(target))
        if url.startswith("https://") and not target.startswith("https://"):
            raise _Stopped("http_only", host=_host(start))
        url = target
    raise _Stopped("redirects_elsewhere", host=_host(url))


def _rest_root(page: _Seen) -> str:
    """The address of the REST API, from the page's own Link header or the usual place."""
    if page.rest_root is None:
        if page.status >= 500 or page.status == 429:
            raise _Stopped("server_error", status=str(page.status))
        return urljoin(page.url, "." + _PRETTY_ROOT)
    root = urlsplit(urljoin(page.url, page.rest_root))
    if _bare_host(root.geturl()) != _bare_host(page.url):
        raise _Stopped("redirects_elsewhere", host=root.hostname or "")
    if "rest_route=" in root.query:
        raise _Stopped("plain_permalinks")
    if not root.path.endswith(_PRETTY_ROOT):
        raise _Stopped("rest_moved", root=root.geturl())
    # Behind a TLS proxy WordPress may name itself with http; we came by what works.
    return root._replace(scheme=urlsplit(page.url).scheme).geturl()


def _index(session: requests.Session, page: _Seen, root: str) -> dict[str, Any]:
    fields = "_fields=name,home,namespaces"
    seen = _get(session, f"{root}?{fields}")
    if (index := _as_index(seen)) is not None:
        return index
    by_query = _get(session, f"{root.removesuffix(_PRETTY_ROOT)}/?rest_route=/&{fields}")
    if _as_index(by_query) is not None and seen.status == 404:
        raise _Stopped("plain_permalinks")
    if page.rest_root is not None or seen.status in (401, 403):
        raise _Stopped("rest_blocked", status=str(seen.status))
    if seen.status >= 500:
        raise _Stopped("server_error", status=str(seen.status))
    raise _Stopped("not_wordpress", host=_host(page.url))


def _as_index(seen: _Seen) -> dict[str, Any] | None:
    if seen.status != 200:
        return None
    try:
        data = json.loads(seen.text)
    except (ValueError, RecursionError):
        return None
    known = isinstance(data, dict) and isinstance(data.get("namespaces"), list)
    return data if known else None


def _get(session: requests.Session, url: str) -> _Seen:
    host = _host(url)
    try:
        with session.get(url, timeout=_TIMEOUTS, allow_redirects=False, stream=True) as response:
            return _Seen(
                url=url,
                status=response.status_code,
                rest_root=response.links.get(_REST_REL, {}).get("url"),
                location=response.headers.get("Location") if response.is_redirect else None,
                text=_beginning(response),
            )
    except AddressRefused as error:
        raise _Stopped("address_not_public", host=host) from error
    except requests.exceptions.SSLError as error:
        raise _Stopped("tls", host=host) from error
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _Stopped("dns" if _is_dns(error) else "unreachable", host=host) from error


def _beginning(response: requests.Response) -> str:
    body = bytearray()
    while len(body) < _ENOUGH and (chunk := response.raw.read1(65536, decode_content=True)):
        body += chunk
    return body.decode("utf-8", "replace")


def _is_dns(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NameResolutionError)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _bare_host(url: str) -> str:
    return _host(url).removeprefix("www.")
