"""The three ways in which WooCommerce takes an API key.

Basic over https is the rule. Hosts that strip the Authorization header need the key in the query;
a store behind a TLS proxy that makes WordPress believe it speaks http needs OAuth 1.0a, as does a
real http store (development only). `client.py` tries them in this order and remembers.
"""

import secrets
from collections.abc import Mapping
from enum import Enum
from urllib.parse import quote, unquote, urlencode

from woocommerce.oauth import OAuth

from app.domain.clocks import Clock


class Scheme(Enum):
    """How the key travels."""

    BASIC = "basic"
    QUERY = "query"
    OAUTH = "oauth"


class _Signature(OAuth):  # type: ignore[misc]  # the package has no types
    """The package's OAuth 1.0a with its two weak spots mended.

    Its nonce is one of 10**8, so a busy store would refuse one request in some hundreds as a
    replay; and it leaves "/" unescaped in values, which makes the signature wrong.
    """

    @staticmethod
    def generate_nonce() -> str:
        return secrets.token_hex(16)

    @staticmethod
    def normalize_parameters(params: Mapping[str, object]) -> dict[str, str]:
        return {_twice_quoted(key): _twice_quoted(value) for key, value in params.items()}


def _twice_quoted(value: object) -> str:
    """As PHP's store side does it: decoded, encoded, and the percent signs encoded again."""
    return quote(unquote(str(value)), safe="").replace("%", "%25")


def oauth_url(
    method: str, url: str, params: Mapping[str, str], keys: tuple[str, str], wall: Clock
) -> str:
    """The address with a signed query (HMAC-SHA256, valid for 15 minutes, once).

    Each parameter may have one value, and none may be empty: lists and blanks are where the
    package signs something else than it sends. The store's base string has the scheme http unless
    WordPress knows that it is on https, and there Basic works: so http is signed.
    """
    home = url.replace("https://", "http://", 1)
    signature = _Signature(
        url=with_query(home, params),
        consumer_key=keys[0],
        consumer_secret=keys[1],
        version="wc/v3",
        method=method,
        oauth_timestamp=int(wall.now().timestamp()),
    )
    signed = str(signature.get_oauth_url())
    return url + signed.removeprefix(home)


def query_url(url: str, params: Mapping[str, str], keys: tuple[str, str]) -> str:
    """The address with the key as parameters; over https only."""
    return with_query(url, {**params, "consumer_key": keys[0], "consumer_secret": keys[1]})


def with_query(url: str, params: Mapping[str, str]) -> str:
    """The address with its parameters."""
    return f"{url}?{urlencode(params)}" if params else url
