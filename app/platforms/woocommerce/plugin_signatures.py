"""What our plugin signs in the store, verified here: pure, on bytes, in constant time.

One secret signs three kinds of text, none of which can be taken for another: tokens begin with
"eyJ", calls with "afterglow-call-v1", return links with "return|". The plugin's half is
wordpress/afterglow/includes/class-afterglow-signature.php; a test lets each verify the other.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

_LONGEST_TOKEN = 4096
_SITE = re.compile(r"[A-Za-z0-9_-]{1,64}")  # a database takes no half characters, and no NUL
_SIGNATURE_ONLY: Any = {  # times and audience are for the caller, who has a clock
    f"verify_{claim}": claim == "signature"
    for claim in ("signature", "exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the plugin as it came. `target` is path and query, as they were sent."""

    site: str
    method: str
    target: str
    time: str
    nonce: str
    signature: str
    body: bytes


def call_signature(secret: str, call: Call) -> str:
    """The signature that a call must carry."""
    parts = ("afterglow-call-v1", call.method, call.target, call.time, call.nonce)
    text = "\n".join((*parts, hashlib.sha256(call.body).hexdigest()))
    return _mac(secret, text)


def call_is_signed(secrets: Sequence[str], call: Call) -> bool:
    """Whether one of the secrets signed it."""
    return _any_equal((call_signature(secret, call) for secret in secrets), call.signature)


def return_signature(secret: str, site: str, order_id: str, time: str) -> str:
    """The signature that a customer's link to the returns page must carry."""
    return _mac(secret, f"return|{site}|{order_id}|{time}")


def return_is_signed(
    secrets: Sequence[str], site: str, order_id: str, time: str, given: str
) -> bool:
    """Whether one of the secrets signed it."""
    wanted = (return_signature(secret, site, order_id, time) for secret in secrets)
    return _any_equal(wanted, given)


def claimed_site(token: str) -> str | None:
    """Whose a token claims to be, unverified: only to know which secret to try."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _LONGEST_TOKEN:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    site = claims.get("site") if isinstance(claims, dict) else None
    return site if isinstance(site, str) and _SITE.fullmatch(site) else None


def read_token(token: str, secrets: Sequence[str]) -> Mapping[str, Any] | None:
    """The claims of a token (JWT, HS256 and nothing else) if one of the secrets signed it."""
    if len(token) > _LONGEST_TOKEN:
        return None
    for secret in secrets:
        try:
            claims: Any = jwt.decode(token, secret, algorithms=["HS256"], options=_SIGNATURE_ONLY)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return claims if isinstance(claims, dict) else None
    return None


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _any_equal(wanted: Any, given: str) -> bool:
    """All are compared, so that the time tells nothing."""
    found = [hmac.compare_digest(each.encode(), given.encode()) for each in wanted]
    return True in found
