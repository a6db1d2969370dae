"""What customers see: review form, returns and withdrawals, what they want to hear about."""

from app.customer_pages import (
    about,
    downloads,
    from_store,
    preferences,
    return_lookup,
    return_status,
    returns,
    review,
    withdrawal,
)
from app.customer_pages.frame import blueprint

__all__ = [
    "about",
    "blueprint",
    "downloads",
    "from_store",
    "preferences",
    "return_lookup",
    "return_status",
    "returns",
    "review",
    "withdrawal",
]
