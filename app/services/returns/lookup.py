"""A customer without a link proves by a code that an order is theirs.

The code goes to the order's own address. Whoever asks is told the same, by the same work, whether
or not there is such an order: an order number and an address can be guessed.
"""

import hmac
import secrets
from datetime import timedelta
from enum import StrEnum

from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Schedule
from app.domain.emails import canonical_email
from app.domain.ids import PlatformId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.i18n import Language
from app.pipeline.effects.return_code import CODE_MINUTES
from app.pipeline.plan import Planner
from app.pipeline.runtime import Runtime
from app.services.rate_limits import RateLimits

_DIGITS = 6
_TRIES = 5
_NAMESAKES = 3  # orders that could have one number: by its name, by its id, renumbered ones
_TRIES_PER_CALLER = "60/hour"
# What is counted, and how often for one address, from one caller, for one shop.
_CODES = ("return code", "5/hour", "20/hour", "600/hour")


class BadCode(StrEnum):
    """Why a code opens nothing."""

    WRONG = "wrong"  # it may be tried again
    OVER = "over"  # too old, used, or tried too often: another one is needed


def may_ask(limits: RateLimits, shop_id: ShopId, caller: str, email: str) -> bool:
    """Count a question; False once there were too many from a caller, for an address or a shop."""
    return counted_all(limits, _CODES, shop_id, caller, email)


def counted_all(
    limits: RateLimits, rates: tuple[str, str, str, str], shop_id: ShopId, caller: str, email: str
) -> bool:
    """Count for an address, a caller and a shop; False once one of the rates is used up."""
    what, of_address, of_caller, of_shop = rates
    counted = (  # all are counted, whichever is used up
        limits.allow(of_address, f"{what} to", f"{shop_id}:{canonical_email(email) or email}"),
        limits.allow(of_caller, f"{what} from", f"{shop_id}:{caller}"),
        limits.allow(of_shop, f"{what} of", str(shop_id)),
    )
    return all(counted)


def may_try(limits: RateLimits, shop_id: ShopId, caller: str) -> bool:
    """Count a try; False once one caller has guessed too often, whatever the codes."""
    return limits.allow(_TRIES_PER_CALLER, "return code tried by", f"{shop_id}:{caller}")


def ask_code(rt: Runtime, shop_id: ShopId, number: str, email: str, language: Language) -> str:
    """Send a code if there is such an order; returns the name of the page that takes it."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        order_id, hasher = find_order(data, number, email), data.hasher
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    now, wall = rt.business.now(), rt.wall.now()
    valid = timedelta(minutes=CODE_MINUTES)
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id, hasher)
        lookup = data.codes.add(order_id, code, wall, wall + valid)
        mail = Schedule(
            kind=ActionKind.RETURN_CODE_MAIL,
            dedupe_key=f"return-code:{lookup.public_ref}",
            due_at=now,
            useful_until=now + valid,
            reason=Reason.of(ReasonCode.REQUESTED),
            payload={"lookup": lookup.public_ref, "lang": language},
        )
        Planner(rt, data).apply(mail, automation="", customer_id=None, version=0)
    return lookup.public_ref


def find_order(data: ShopData, number: str, email: str) -> PlatformId:
    """The order with this number and address, or "". As many queries for one as for none."""
    wanted = data.customers.email_hash(email) or ""
    candidates = data.orders.search(number, _NAMESAKES)
    found = ""
    for order_id in (*candidates, *[""] * (_NAMESAKES - len(candidates))):
        of_order = data.customers.email_hash(data.orders.person(order_id).email) or "nobody"
        if hmac.compare_digest(wanted, of_order):
            found = order_id
    return found


def check_code(rt: Runtime, shop_id: ShopId, public_ref: str, code: str) -> PlatformId | BadCode:
    """The order that a code opens, once."""
    given = "".join(char for char in code if char in "0123456789")
    now = rt.wall.now()
    with rt.db.read() as uow:
        lookup = ShopData(uow, shop_id).codes.waiting(public_ref, now)
    if lookup is None:
        return BadCode.OVER
    with rt.db.write() as uow:
        codes = ShopData(uow, shop_id).codes
        if not codes.count_attempt(lookup, _TRIES):
            return BadCode.OVER
        right = hmac.compare_digest(given, lookup.code)
        if right and lookup.order_id:
            return lookup.order_id if codes.use(lookup, now) else BadCode.OVER
    return BadCode.WRONG if lookup.attempts + 1 < _TRIES else BadCode.OVER


def is_waiting(rt: Runtime, shop_id: ShopId, public_ref: str) -> bool:
    """Whether a code can still be entered on this page."""
    with rt.db.read() as uow:
        lookup = ShopData(uow, shop_id).codes.waiting(public_ref, rt.wall.now())
    return lookup is not None and lookup.attempts < _TRIES
