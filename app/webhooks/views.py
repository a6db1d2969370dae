"""Where platforms deliver: verify, receive, reply. No topic names here."""

from collections.abc import Mapping

import structlog
from flask import Blueprint, Response, request

from app.db import webhooks as subscriptions
from app.db.session import DatabaseUnavailable
from app.domain.ids import ShopId
from app.http import counters, current_deps, empty
from app.logs import about_shop
from app.pipeline.receive import receive
from app.platforms.base import Delivery, Endpoint, Ping, RawRequest, Refusal
from app.webhooks.body import BodyTooLarge, read_body

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
log = structlog.get_logger()


@blueprint.post("/<platform>", defaults={"token": ""}, strict_slashes=False)
@blueprint.post("/<platform>/<token>", strict_slashes=False)
def deliver(platform: str, token: str) -> Response:
    """Take one delivery; 200 once it is on disk, 503 if that cannot be had within moments."""
    answer = _deliver(platform, token)
    known = platform if platform in current_deps().platforms else "unknown"
    counters().deliveries.labels(known, str(answer.status_code)).inc()
    return answer


def _deliver(platform: str, token: str) -> Response:
    try:
        found = _endpoint(platform, token)
        if found is None:
            return empty(404)
        body = read_body(request.environ, current_deps().settings.max_body_bytes)
        endpoint, shop_id = found
        if shop_id is not None:
            about_shop(shop_id)
        verified = current_deps().platforms[platform].verify(RawRequest(_headers(), body), endpoint)
        return _reply(platform, verified, shop_id)
    except BodyTooLarge:
        log.warning("webhook.refused", platform=platform, code="body_too_large")
        return empty(413)
    except DatabaseUnavailable as error:
        log.error("webhook.not_durable", platform=platform, error=type(error).__name__)  # noqa: TRY400 - the trace would name values
        return empty(503)


def _reply(platform: str, verified: Delivery | Ping | Refusal, shop_id: ShopId | None) -> Response:
    if isinstance(verified, Refusal):
        log.warning("webhook.refused", platform=platform, shop=shop_id, code=verified.code)
        return empty(401)
    if isinstance(verified, Ping):
        return empty(200)
    receipt = receive(current_deps(), platform, verified, shop_id)
    log.info("webhook.received", platform=platform, topic=verified.topic, receipt=receipt)
    return empty(200)


def _endpoint(platform: str, token: str) -> tuple[Endpoint, ShopId | None] | None:
    """What we know of the called address: from our own rows, never from headers."""
    deps = current_deps()
    if platform not in deps.platforms:
        return None
    shared = deps.platforms[platform].shared_secrets
    if shared:  # one address for all shops (compliance topics have one of their own)
        return (Endpoint(shared), None) if token in ("", "compliance") else None
    with deps.db.read() as uow:
        row = subscriptions.by_token(uow, token)
    if row is None:
        return None
    return Endpoint((row.secret,), token, row.topic), row.shop_id


def _headers() -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
