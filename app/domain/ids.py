"""Branded identifiers: a shop id cannot be passed where an action id is meant."""

from typing import NewType

ShopId = NewType("ShopId", int)
CustomerId = NewType("CustomerId", int)
ActionId = NewType("ActionId", int)
ReviewId = NewType("ReviewId", int)
CouponId = NewType("CouponId", int)
ReturnId = NewType("ReturnId", int)
InboxId = NewType("InboxId", int)

# A platform's own id of an order, product, …: always text, never passed through a float
# (Shopify's samples hold ids above 2**53).
PlatformId = str

LONGEST_ID = 64
"""Characters of a platform's id or an order's number: the width of the columns that hold them."""
