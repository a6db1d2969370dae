"""Whether a webhook request is from the store that the address was made for.

WooCommerce signs only the body: `base64(HMAC-SHA256(body, decoded secret))`. Topic, webhook id and
time in the headers are unsigned and therefore never believed; the topic comes from our own row.
"""

import base64
import hashlib
import hmac
import re

from app.platforms.base import Delivery, Endpoint, Ping, RawRequest, Refusal
from app.platforms.woocommerce.topics import says_only_that

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
_PLAIN_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

# What WordPress' wp_specialchars_decode(…, ENT_QUOTES) turns back, in one pass.
_ENTITY = re.compile(
    r"&(?:(?P<name>lt|gt|amp|quot)|#0*(?P<decimal>34|38|39|60|62)|#[xX]0*(?P<hex>22|26|27|3[cCeE]));"
)
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


def verify(request: RawRequest, endpoint: Endpoint) -> Delivery | Ping | Refusal:
    """Judge a request by its raw bytes, against the current and the previous secret."""
    signature = request.headers.get("x-wc-webhook-signature")
    if signature is None:
        return Ping() if _PING.fullmatch(request.body) else Refusal("signature_missing")
    if endpoint.topic is None:
        return Refusal("endpoint_without_topic")
    try:
        claimed = signature.encode("ascii")
    except UnicodeEncodeError:
        return Refusal("signature_malformed")
    # A list, not any(): both secrets are always tried, so time tells nothing about which matched.
    matches = [
        hmac.compare_digest(sign(request.body, secret), claimed) for secret in endpoint.secrets
    ]
    if True not in matches:
        return Refusal("signature_mismatch")
    return Delivery(
        topic=endpoint.topic,
        dedupe_key=_dedupe_key(request, endpoint),
        body=request.body,
        hint=says_only_that(endpoint.topic),
    )


def sign(body: bytes, secret: str) -> bytes:
    """The signature header that a store with this secret sends for these bytes."""
    key = _ENTITY.sub(_decoded, secret).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest())


def _decoded(entity: re.Match[str]) -> str:
    if name := entity["name"]:
        return _NAMED[name]
    return chr(int(entity["decimal"]) if entity["decimal"] else int(entity["hex"], 16))


def _dedupe_key(request: RawRequest, endpoint: Endpoint) -> str:
    """Webhook, delivery and content: three orders in one second share one delivery id.

    The webhook id is unknown until the store answered our registration; the topic stands in. The
    delivery id is an unsigned header, so anything but a plain short word is left out.
    """
    delivery_id = request.headers.get("x-wc-webhook-delivery-id", "")
    if not _PLAIN_ID.fullmatch(delivery_id):
        delivery_id = ""
    content = hashlib.sha256(request.body).hexdigest()
    return f"{endpoint.webhook_id or endpoint.topic}:{delivery_id}:{content}"
