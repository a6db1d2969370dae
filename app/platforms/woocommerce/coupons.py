"""Single-use codes of one store, around WooCommerce's traps.

Codes and addresses are lower-cased by the store; a `usage_limit` of 0 means no limit at all; a
percentage above 100 silently becomes 0; `date_expires_gmt` is ignored when written; a plain date
means midnight at its beginning.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.domain.clocks import Clock
from app.domain.errors import Bug, Refused
from app.domain.ids import PlatformId
from app.platforms.base import CouponSpec, RemoteCoupon
from app.platforms.woocommerce.client import Answer, StoreClient, StoreRefusal
from app.platforms.woocommerce.info import store_zone

REFERENCE_KEY = "_afterglow_coupon"
_FIELDS = "id,code,status,usage_count,usage_limit,date_expires_gmt,email_restrictions,meta_data"


class Coupons:
    """CouponsPort of WooCommerce."""

    def __init__(self, client: StoreClient, wall: Clock) -> None:
        self._client = client
        self._wall = wall

    def find(self, spec: CouponSpec) -> RemoteCoupon | None:
        """The coupon with the spec's code, whatever its case."""
        answer = self._client.get("coupons", {"code": spec.code.lower(), "_fields": _FIELDS})
        rows = answer.rows()
        return self._remote(rows[0], answer, spec) if rows else None

    def create(self, spec: CouponSpec) -> RemoteCoupon:
        """Create it, valid to the end of the promised day in the store's own time zone."""
        last_day = spec.expires_at.astimezone(store_zone(self._client)).date()
        try:
            answer = self._client.post("coupons", _wanted(spec, f"{last_day}T23:59:59"))
        except StoreRefusal as refusal:
            if refusal.code == "woocommerce_rest_coupon_code_already_exists":
                raise Refused("code_taken", "The store has a coupon with this code.") from refusal
            raise
        made = answer.object()
        if not made.get("email_restrictions"):
            # The store drops an address it does not like without a word: anybody could use it.
            self.void(str(made["id"]))
            raise Refused("no_address", "The store does not take the customer's address.")
        return self._remote(made, answer, spec)

    def void(self, ref: PlatformId) -> None:
        """Let it expire in the past: the store refuses it from now on, also in open carts.

        Not deleted: the merchant sees what became of the code, its use is still counted, and a
        repeated `find` does not take the code for missing.
        """
        expired = (self._wall.now() - timedelta(days=2)).date()
        try:
            self._client.post(f"coupons/{ref}", {"date_expires": expired.isoformat()})
        except StoreRefusal as refusal:
            if refusal.code not in (
                "woocommerce_rest_shop_coupon_invalid_id",
                "woocommerce_rest_invalid_id",
            ):
                raise

    def _remote(self, row: Mapping[str, Any], answer: Answer, spec: CouponSpec) -> RemoteCoupon:
        limit = row.get("usage_limit") or 0
        used = int(row.get("usage_count") or 0)
        expires = row.get("date_expires_gmt")
        now = answer.store_now or self._wall.now()
        expired = bool(expires) and datetime.fromisoformat(f"{expires}+00:00") <= now
        return RemoteCoupon(
            ref=str(row["id"]),
            code=str(row["code"]),
            active=row.get("status") == "publish" and not expired and not (limit and used >= limit),
            used=used,
            ours=bool(row.get("email_restrictions"))
            and any(
                meta.get("key") == REFERENCE_KEY and spec.means(str(meta.get("value")))
                for meta in row.get("meta_data") or ()
            ),
        )


def _wanted(spec: CouponSpec, expires: str) -> dict[str, object]:
    return {
        "code": spec.code.lower(),
        "description": spec.title,
        **_discount(spec),
        "date_expires": expires,
        "usage_limit": 1,
        "usage_limit_per_user": 1,
        "individual_use": True,
        "exclude_sale_items": spec.exclude_sale_items,
        "minimum_amount": str(spec.minimum.decimal()) if spec.minimum else "",
        "email_restrictions": [spec.email],
        "meta_data": [{"key": REFERENCE_KEY, "value": spec.reference}],
    }


def _discount(spec: CouponSpec) -> dict[str, str]:
    if spec.percent is not None and 0 < spec.percent <= 100:
        return {"discount_type": "percent", "amount": str(spec.percent)}
    if spec.percent is None and spec.amount is not None and spec.amount.minor > 0:
        return {"discount_type": "fixed_cart", "amount": str(spec.amount.decimal())}
    raise Bug("A coupon needs a percentage of 1 to 100 or an amount above zero; none was created.")
