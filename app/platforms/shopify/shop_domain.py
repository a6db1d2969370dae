"""The one form in which a shop's domain is accepted: name.myshopify.com, nothing around it."""

import re
from functools import lru_cache

from shopify.utils import shop_url

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,100}\.myshopify\.com")


@lru_cache(maxsize=4096)  # asked for each delivery
def valid_shop_domain(value: str | None) -> str | None:
    """The domain in lower case, or None if it is no shop's permanent domain.

    Two opinions: our full match (a `$` would admit a newline), and the SDK's parser, which repairs
    what it gets (adds a suffix, drops a scheme) and therefore must return what went in.
    """
    name = (value or "").lower()
    if not _SHOP.fullmatch(name) or shop_url.sanitize_shop_domain(name) != name:
        return None
    return name
