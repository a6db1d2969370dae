"""The two halves of a platform: pure functions on bytes, and ports that speak to one store.

A port that is None is a missing capability; nowhere `if platform ==`.
"""

from app.platforms.base.reading import (
    CustomersPort,
    Fetched,
    OrdersPort,
    Page,
    ProductsPort,
    StoreInfo,
)
from app.platforms.base.requests import (
    Delivery,
    Endpoint,
    Foreign,
    Ignored,
    Ping,
    RawRequest,
    Received,
    Refusal,
    Unknown,
)
from app.platforms.base.returns import RemoteReturn, ReturnSpec, ReturnSpecLine, ReturnsPort
from app.platforms.base.store import (
    Connection,
    Platform,
    PluginLink,
    PluginPort,
    RemoteWebhook,
    Store,
    TokenPair,
    WebhooksPort,
)
from app.platforms.base.writing import (
    COUPON_REFERENCE,
    RATING_NOT_OURS,
    CouponSpec,
    CouponsPort,
    RatingTotals,
    RemoteCoupon,
    ReviewSpec,
    ReviewsPort,
)

__all__ = [
    "COUPON_REFERENCE",
    "RATING_NOT_OURS",
    "Connection",
    "CouponSpec",
    "CouponsPort",
    "CustomersPort",
    "Delivery",
    "Endpoint",
    "Fetched",
    "Foreign",
    "Ignored",
    "OrdersPort",
    "Page",
    "Ping",
    "Platform",
    "PluginLink",
    "PluginPort",
    "ProductsPort",
    "RatingTotals",
    "RawRequest",
    "Received",
    "Refusal",
    "RemoteCoupon",
    "RemoteReturn",
    "RemoteWebhook",
    "ReturnSpec",
    "ReturnSpecLine",
    "ReturnsPort",
    "ReviewSpec",
    "ReviewsPort",
    "Store",
    "StoreInfo",
    "TokenPair",
    "Unknown",
    "WebhooksPort",
]
