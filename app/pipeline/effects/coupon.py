"""Milestone coupons: created once under the code kept in the row, voided when lost."""

from datetime import datetime

from app.db.coupons import CouponRow
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Schedule
from app.domain.errors import Bug, MerchantMustFix, Refused
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.effects.base import Outcome, Unknowable, Work
from app.platforms.base import COUPON_REFERENCE, CouponSpec, CouponsPort, RemoteCoupon


class CouponCreate:
    """Creates the coupon; "already exists" means that an earlier try got through."""

    repeatable = True

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """The store is asked for the code."""
        found = _port(work).find(_spec(work))
        if found is None:
            return None
        if not found.ours:
            raise Bug("a coupon with our random code exists and is not ours")
        return self._done(work, found, ReasonCode.FOUND_IN_STORE)

    def execute(self, work: Work) -> Outcome:
        """Create it; a taken code is compared with what we meant."""
        try:
            created = _port(work).create(_spec(work))
        except Refused as error:
            if error.code != "code_taken":
                raise
            found = self.lookup(work)
            if isinstance(found, Outcome):
                return found
            raise Bug("the store says that the code is taken, but cannot find it") from error
        return self._done(work, created, ReasonCode.CREATED_IN_STORE)

    def _done(self, work: Work, remote: RemoteCoupon, code: ReasonCode) -> Outcome:
        payload, action = work.action.payload, work.action
        mail = Schedule(
            kind=ActionKind.COUPON_MAIL,
            dedupe_key=f"coupon-mail:{payload['code']}",
            due_at=work.now,
            useful_until=action.useful_until or work.now,
            reason=Reason.of(ReasonCode.COUPON_ISSUED, code=str(payload["code"])),
            order_id=work.order_id,
            payload=dict(payload),
        )

        def note(data: ShopData) -> None:
            coupon = data.coupons.by_code(str(payload["code"]))
            if coupon:
                data.coupons.change(coupon.id, "issued", remote.ref)

        return Outcome(Reason.of(code, code=str(payload["code"])), note, (mail,))


class CouponVoid:
    """Makes a coupon unusable because the order that earned it was refunded."""

    repeatable = True  # voiding twice changes nothing

    def lookup(self, work: Work) -> Outcome | Unknowable | None:  # noqa: ARG002 - the protocol
        """Not worth a request: a repeat is harmless."""
        return None

    def execute(self, work: Work) -> Outcome:
        """Void it, unless the customer was faster. A restored backup may be from before our table
        knew it; the code still says which one is meant.
        """
        code, coupon = str(work.action.payload["code"]), _row_or_none(work)
        port = _port(work)
        found = port.find(_spec(work) if coupon else _any_of_ours(code, work.now))
        if found and not (coupon or found.ours):
            raise Bug("a coupon with our random code exists and is not ours")
        if found and found.used:
            raise Refused(ReasonCode.COUPON_USED, "The coupon was used before it could be voided")
        if found:
            port.void(found.ref)

        def note(data: ShopData) -> None:
            if coupon:
                data.coupons.change(coupon.id, "voided")

        return Outcome(Reason.of(ReasonCode.VOIDED, code=code), note)


def _port(work: Work) -> CouponsPort:
    port = work.rt.open_store(work.shop).coupons
    if port is None:
        raise MerchantMustFix("coupons_unsupported", "The platform has no coupons")
    return port


def _row_or_none(work: Work) -> CouponRow | None:
    with work.rt.db.read() as uow:
        return ShopData(uow, work.shop.id).coupons.by_code(str(work.action.payload["code"]))


def _row(work: Work) -> CouponRow:
    coupon = _row_or_none(work)
    if coupon is None:
        raise Bug("the coupon of this action is not in our table")
    return coupon


def _any_of_ours(code: str, now: datetime) -> CouponSpec:
    """Only to look a code up: its terms are not known."""
    return CouponSpec(
        code=code, title="", email="", customer_id=None, percent=None, amount=None, minimum=None,
        expires_at=now, exclude_sale_items=False, reference="",
    )  # fmt: skip


def _spec(work: Work) -> CouponSpec:
    """The terms were fixed when the milestone was reached; a retry states the same ones."""
    coupon, order = _row(work), work.the_order
    terms = coupon.terms
    currency = str(terms.get("currency") or work.shop.currency)
    minimum = terms.get("minimum_minor")
    percent = terms.get("percent") or None
    return CouponSpec(
        code=coupon.code,
        title=f"Afterglow {coupon.milestone_key}",
        email=(order.person.email or "").strip(),
        customer_id=order.person.customer_id,
        percent=percent,
        amount=None if percent else Money(int(terms["minor"]), currency),
        minimum=Money(int(minimum), currency) if minimum else None,
        expires_at=datetime.fromisoformat(str(terms["expires_at"])),
        exclude_sale_items=bool(terms.get("exclude_sale_items")),
        reference=f"{COUPON_REFERENCE}{coupon.id}",
    )
