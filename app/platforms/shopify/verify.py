"""Is this webhook from Shopify? On raw bytes, in constant time, before anything is parsed."""

import binascii
import hmac
import re
from base64 import b64decode
from datetime import datetime
from hashlib import sha256

from app.platforms.base import Delivery, Endpoint, RawRequest, Refusal
from app.platforms.shopify.shop_domain import valid_shop_domain
from app.platforms.shopify.times import parse_time

# Topics and ids are unsigned, and are stored and logged: they must be short words. What we read
# ourselves lies in the inbox under topics of our own (gone/…, graphql/…), which nobody sends.
_TOPIC = re.compile(r"(?!gone/|graphql/)[a-z0-9_/.-]{1,100}")
_ID = re.compile(r"[!-~]{1,100}")


# The client secret signs more than deliveries: a merchant sees signed ID tokens ("eyJ…") and signed
# addresses ("embedded=1&…") of his own shop, and could send them as bodies, for any other shop.
# Every delivery is a JSON object, and neither of those can begin as one.
_OBJECT = b"{"


def verify(request: RawRequest, endpoint: Endpoint) -> Delivery | Refusal:
    """The delivery, or why it is refused. Only the body is signed; headers are checked for form.

    The shop in the header is not covered by the signature: whatever ends an installation or erases
    data compares it with the body's own domain (normalise/messages.py).
    """
    signature = _signature(request.headers.get("x-shopify-hmac-sha256"))
    if signature is None:
        return Refusal("signature_missing")
    if not _signed_by_any(request.body, signature, endpoint.secrets):
        return Refusal("signature_wrong")
    if not request.body.startswith(_OBJECT):
        return Refusal("body_is_no_object")
    shop = valid_shop_domain(request.headers.get("x-shopify-shop-domain"))
    if shop is None:
        return Refusal("shop_domain_invalid")
    topic = request.headers.get("x-shopify-topic", "")
    if not _TOPIC.fullmatch(topic):
        return Refusal("topic_malformed" if topic else "topic_missing")
    webhook_id = request.headers.get("x-shopify-webhook-id", "")
    if not _ID.fullmatch(webhook_id):
        return Refusal("webhook_id_malformed" if webhook_id else "webhook_id_missing")
    return Delivery(
        topic=topic,
        dedupe_key=webhook_id,
        body=request.body,
        shop_domain=shop,
        triggered_at=_triggered_at(request.headers.get("x-shopify-triggered-at")),
    )


def _signature(header: str | None) -> bytes | None:
    try:
        return b64decode((header or "").encode("ascii"), validate=True) or None
    except (UnicodeEncodeError, binascii.Error):
        return None


def _signed_by_any(body: bytes, signature: bytes, secrets: tuple[str, ...]) -> bool:
    """All secrets are tried, whichever matches, so that the time tells nothing."""
    matches = [
        hmac.compare_digest(hmac.digest(secret.encode(), body, sha256), signature)
        for secret in secrets
        if secret
    ]
    return any(matches)


def _triggered_at(header: str | None) -> datetime | None:
    """None if missing or unreadable: the bodies have times of their own."""
    try:
        return parse_time(header) if header else None
    except ValueError:
        return None
