"""Shopify's enums as far as they mean something to us; REST writes them in lower case."""

from app.domain.snapshots import ConsentState

# `partially_paid` is not paid; neither is `pending`, which cash on delivery stays until collected.
PAID = frozenset({"paid", "partially_refunded", "refunded"})

NOT_SENT_PARCEL = frozenset({"pending", "open"})
CANCELLED_PARCEL = frozenset({"cancelled", "error", "failure"})

_CONSENT = {
    "subscribed": ConsentState.SUBSCRIBED,
    "unsubscribed": ConsentState.UNSUBSCRIBED,
    "pending": ConsentState.PENDING,
    "not_subscribed": ConsentState.UNKNOWN,
    "invalid": ConsentState.UNKNOWN,
    "redacted": ConsentState.UNKNOWN,
}


def consent_state(word: str) -> ConsentState:
    """What Shopify's word for e-mail consent means; a word that we do not know is no consent."""
    return _CONSENT.get(word.lower(), ConsentState.UNKNOWN)


def status_words(financial: str, fulfilment: str | None, *, cancelled: bool) -> str:
    """An order's state for the merchant's eyes: "paid, fulfilled"."""
    if cancelled:
        return "cancelled"
    words = (financial, fulfilment or "unfulfilled")
    return ", ".join(word.lower().replace("_", " ") for word in words if word)
