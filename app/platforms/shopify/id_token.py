"""App Bridge's ID token: proof that a merchant's staff member has our app open in the admin.

Stricter than either SDK, on purpose: buyers' extensions (checkout, customer account) get tokens
signed with the same secret for the same audience, only without `iss` and `sid`. One of those must
never open a merchant page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.platforms.shopify.shop_domain import valid_shop_domain

LEEWAY = timedelta(seconds=10)
_MAX_LENGTH = 8192


class InvalidIdToken(Exception):
    """Not a merchant's token, or no longer. `code` is stable and safe to log."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the ID token was refused: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class MerchantIdentity:
    """Who is looking at our pages, in which shop's admin."""

    shop_domain: str
    user_id: str
    sid: str
    expires_at: datetime


def verify_id_token(
    token: str, client_id: str, secrets: Sequence[str], now: datetime
) -> MerchantIdentity:
    """The identity behind a token signed with the current or the previous client secret.

    Raises InvalidIdToken unless each claim is what the admin issues: `iss` = https://{shop}/admin,
    `dest` = https://{shop}, `aud` = our client id, `exp` and `nbf` around `now` (10 s of leeway),
    a numeric `sub` and a `sid`.
    """
    claims = _signed_claims(token, secrets)
    shop = _shop_of(claims)
    if claims.get("aud") != client_id:
        raise InvalidIdToken("other_audience")
    expires_at = _moment(claims, "exp")
    if now >= expires_at + LEEWAY:
        raise InvalidIdToken("expired")
    if now < _moment(claims, "nbf") - LEEWAY:
        raise InvalidIdToken("not_yet_valid")
    user_id = claims.get("sub")
    if not (isinstance(user_id, str) and user_id.isascii() and user_id.isdigit()):
        raise InvalidIdToken("no_merchant_user")
    sid = claims.get("sid")
    if not (isinstance(sid, str) and sid):
        raise InvalidIdToken("no_session")
    return MerchantIdentity(shop, user_id, sid, expires_at)


def _signed_claims(token: str, secrets: Sequence[str]) -> Mapping[str, Any]:
    """The claims if any of the secrets signed them; times and audience are checked by the caller
    (the library would read the machine's clock).
    """
    if len(token) > _MAX_LENGTH:
        raise InvalidIdToken("malformed")
    for secret in secrets:
        if not secret:
            continue
        try:
            return jwt.decode(token, secret, algorithms=["HS256"], options=_SIGNATURE_ONLY)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError) as error:
            raise InvalidIdToken("malformed") from error
    raise InvalidIdToken("signature_wrong")


_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _shop_of(claims: Mapping[str, Any]) -> str:
    dest = claims.get("dest")
    if not isinstance(dest, str) or not dest.startswith("https://"):
        raise InvalidIdToken("no_shop")
    shop = dest.removeprefix("https://")
    if valid_shop_domain(shop) != shop:
        raise InvalidIdToken("no_shop")
    if claims.get("iss") != f"https://{shop}/admin":
        raise InvalidIdToken("other_issuer")
    return shop


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidIdToken("no_time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise InvalidIdToken("no_time") from error
