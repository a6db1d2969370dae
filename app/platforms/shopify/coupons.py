"""Discount codes for one customer each."""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.clocks import Clock
from app.domain.ids import PlatformId
from app.domain.money import Money
from app.platforms.base import CouponSpec, RemoteCoupon
from app.platforms.shopify.client import Client
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.ids import gid
from app.platforms.shopify.user_errors import codes_of, raise_for_user_errors

_TITLE_LENGTH = 255
_MARK = re.compile(r" \[([^\[\]]*)\]$")
_REFUSALS = {
    "TAKEN": "code_taken",
    "MAX_APP_DISCOUNTS": "too_many_discounts",
    "EXCEEDED_MAX": "too_many_discounts",
    "INVALID": "store_refused",  # such as a customer who was deleted meanwhile
}


class Coupons:
    """CouponsPort on Shopify.

    A code for a customer of the shop is bound to that customer. Shopify has no binding to an
    e-mail address, so a guest's code is bound only by being secret and good for one order.
    Shopify cannot tell sale items apart either: `exclude_sale_items` has no counterpart there.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def find(self, spec: CouponSpec) -> RemoteCoupon | None:
        """The discount with the spec's code. It is ours if its title ends with our reference."""
        answer = self._client.query("discount_by_code", {"code": spec.code})
        node = answer.fields().node_or_none("codeDiscountNodeByCode")
        if node is None:
            return None
        discount = node.node("codeDiscount")
        title = discount.text_or_none("title") or ""  # other kinds of discount show none
        mark = _MARK.search(title)
        return RemoteCoupon(
            ref=node.gid(),
            code=spec.code,
            active=discount.text_or_none("status") == "ACTIVE",
            used=discount.count("asyncUsageCount") if "asyncUsageCount" in discount else 0,
            ours=mark is not None and spec.means(mark[1]),
        )

    def create(self, spec: CouponSpec) -> RemoteCoupon:
        """Create it. Raises Refused("code_taken") if the code exists."""
        payload = self._client.mutate("discount_create", {"basicCodeDiscount": self._input(spec)})
        raise_for_user_errors(payload, "discount_create", _REFUSALS)
        node = payload.node("codeDiscountNode")
        active = _status(node) == "ACTIVE"
        return RemoteCoupon(ref=node.gid(), code=spec.code, active=active, used=0, ours=True)

    def void(self, ref: PlatformId) -> None:
        """Deactivate it; a discount that the merchant deleted is void already."""
        node_id = gid("DiscountCodeNode", ref)
        payload = self._client.mutate("discount_deactivate", {"id": node_id})
        if codes_of(payload) == ["INVALID"]:  # Shopify's word for an id that does not exist
            return
        raise_for_user_errors(payload, "discount_deactivate")

    def _input(self, spec: CouponSpec) -> dict[str, Any]:
        """`startsAt` is wall time: business time is never behind it, so the code works at once."""
        given: dict[str, Any] = {
            "title": spec.title[: _TITLE_LENGTH - len(_mark(spec))] + _mark(spec),
            "code": spec.code,
            "startsAt": self._clock.now().isoformat(),
            "endsAt": spec.expires_at.isoformat(),
            "usageLimit": 1,
            "appliesOncePerCustomer": True,
            "context": _context(spec),
            "customerGets": {"items": {"all": True}, "value": _value(spec)},
            "combinesWith": {
                "orderDiscounts": False,
                "productDiscounts": False,
                "shippingDiscounts": False,
            },
        }
        if spec.minimum:
            subtotal = {"greaterThanOrEqualToSubtotal": _amount(spec.minimum)}
            given["minimumRequirement"] = {"subtotal": subtotal}
        return given


def _mark(spec: CouponSpec) -> str:
    return f" [{spec.reference}]"


def _status(node: Fields) -> str | None:
    return node.node("codeDiscount").text_or_none("status")


def _context(spec: CouponSpec) -> Mapping[str, Any]:
    if spec.customer_id is None:
        return {"all": "ALL"}
    return {"customers": {"add": [gid("Customer", spec.customer_id)]}}


def _value(spec: CouponSpec) -> Mapping[str, Any]:
    if spec.amount:
        return {"discountAmount": {"amount": _amount(spec.amount), "appliesOnEachItem": False}}
    return {"percentage": (spec.percent or 0) / 100}


def _amount(money: Money) -> str:
    return str(money.decimal())
