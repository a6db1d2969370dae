"""Access tokens: bought with an ID token, renewed with a refresh token. HTTP only, no database.

Offline tokens expire after an hour, refresh tokens after 90 days; each renewal gives a new pair,
and the old refresh token works until the new one is first used. So a caller stores the pair in one
transaction and holds one lock per shop. All times are wall time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from app.domain.clocks import Clock
from app.domain.errors import BadPayload, Bug, MerchantMustFix, OperatorMustFix, Retryable
from app.platforms.answers import Raw
from app.platforms.base import TokenPair
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.shop_domain import valid_shop_domain
from app.platforms.shopify.transport import Transport, raise_for_closed_store, retry_after


class Tokens:
    """Shopify's token endpoint. `clock` is wall time."""

    def __init__(
        self, client_id: str, client_secret: str, transport: Transport, clock: Clock
    ) -> None:
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._transport = transport
        self._clock = clock

    def exchange(self, shop: str, id_token: str) -> TokenPair:
        """An expiring offline pair for a shop whose ID token was verified (id_token.py).

        Raises Retryable if Shopify no longer takes the ID token: the page asks App Bridge for a
        new one.
        """
        return self._request(
            shop,
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": id_token,
                "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                "requested_token_type": (
                    "urn:shopify:params:oauth:token-type:offline-access-token"
                ),
                "expiring": 1,
            },
        )

    def refresh(self, shop: str, refresh_token: str) -> TokenPair:
        """The next pair. Raises MerchantMustFix("store_token_expired") if the chain is broken."""
        return self._request(shop, {"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _request(self, shop: str, grant: Mapping[str, Any]) -> TokenPair:
        if valid_shop_domain(shop) != shop:
            raise Bug("A token was asked for something that is no shop's domain.")
        asked_at = self._clock.now()  # before the answer, so that expiry is never taken too late
        raw = self._transport.post(shop, "/admin/oauth/access_token", {**self._client, **grant}, {})
        if raw.status == HTTPStatus.OK:
            return _pair(shop, raw, asked_at)
        raise _refusal(shop, raw)


def _pair(shop: str, raw: Raw, asked_at: datetime) -> TokenPair:
    try:
        body = Fields.parse(raw.body)
        return TokenPair(
            access_token=body.text("access_token"),
            expires_at=asked_at + timedelta(seconds=body.count("expires_in")),
            refresh_token=body.text("refresh_token"),
            refresh_expires_at=asked_at + timedelta(seconds=body.count("refresh_token_expires_in")),
            scopes=tuple(scope for scope in body.text("scope").split(",") if scope),
        )
    except BadPayload:
        raise Retryable(f"{shop} answered a token request with something else.") from None


def _refusal(shop: str, raw: Raw) -> Exception:
    """What a refused token request means; Shopify's description is left out of it."""
    status, code = raw.status, _error_code(raw)
    if code == "invalid_grant":
        return MerchantMustFix(
            "store_token_expired",
            f"Our access to {shop} has run out. Nothing can be read or done there. Open Afterglow "
            "in the Shopify admin once to renew it.",
        )
    if code == "invalid_subject_token":
        return Retryable(f"{shop} no longer takes the ID token. The page asks for a new one.")
    if code in ("invalid_client", "application_cannot_be_found"):
        return OperatorMustFix(
            f"{shop} does not know our client id and secret, or the app is not installed. No token "
            "is given. Check SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET."
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
        return Retryable(f"{shop} answered {status} to a token request.", retry_after(raw))
    raise_for_closed_store(shop, status)
    return Bug(f"{shop} refused a token request: {status} {code}.")


def _error_code(raw: Raw) -> str:
    """OAuth's error word, if it is one of the plain kind."""
    try:
        word = Fields.parse(raw.body).text_or_none("error") or ""
    except BadPayload:
        return ""
    return word if word.isascii() and word.replace("_", "").isalnum() and len(word) < 50 else ""
