"""Declaring the withdrawal from a purchase: with a link, without one, matched or not."""

from dataclasses import dataclass

from app.db.returns import NewReturn, ReturnRow
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.ids import PlatformId, ShopId
from app.domain.money import Money
from app.domain.refunds import refunded_quantities
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnReason, ReturnState, ReturnWords
from app.domain.snapshots import OrderSnapshot
from app.pipeline import returns
from app.pipeline.runtime import Runtime
from app.services.rate_limits import RateLimits
from app.services.returns.asking import Refusal, Wish, held, store
from app.services.returns.lookup import counted_all, find_order
from app.services.returns.standing import withdrawal_of

# What is counted, and how often for one address, from one caller, for one shop.
_DECLARATIONS = ("withdrawal", "5/hour", "10/hour", "300/hour")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a customer who withdraws told us, as the receipt repeats it. Personal data."""

    name: str
    email: str
    order_number: str
    goods: str
    locale: str | None = None


def may_declare(limits: RateLimits, shop_id: ShopId, caller: str, email: str) -> bool:
    """Count a declaration of withdrawal; each sends a mail to an address that anybody can enter."""
    return counted_all(limits, _DECLARATIONS, shop_id, caller, email)


def declare(rt: Runtime, shop_id: ShopId, told: Declaration) -> ReturnRow:
    """Keep a withdrawal that came without a link: with its order, or for the merchant to match."""
    with rt.db.read() as uow:
        order_id = find_order(ShopData(uow, shop_id), told.order_number, told.email)
    row = withdraw(rt, shop_id, order_id, told) if order_id else Refusal.FORGOTTEN
    return withdraw_unmatched(rt, shop_id, told) if isinstance(row, Refusal) else row


def withdraw(
    rt: Runtime, shop_id: ShopId, order_id: PlatformId, told: Declaration
) -> ReturnRow | Refusal:
    """Declare the withdrawal from a purchase. Never declined.

    The very same declaration sent twice is one. One that says something else (a name, other goods)
    is kept beside the first, for the merchant: its receipt must not be for something that is lost.
    """
    words = _words_of(told)
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        person, hasher, sealed = data.orders.person(order_id), data.hasher, data.returns.seal(words)
        before = withdrawal_of(data.returns.of_order(order_id))
        same = before if before and data.returns.words(before) == words else None
    if same:
        return same
    if not before:
        with rt.db.write() as uow:
            data = ShopData(uow, shop_id, hasher)
            stored = held(data, order_id)
            if stored is None or stored.sealed_person is None or data.customers.is_erased(person):
                return Refusal.FORGOTTEN
            if not withdrawal_of(data.returns.of_order(order_id)):
                left = returns.left_of(data, stored.order) or _kept(stored.order)
                wishes = [Wish(line, n, ReturnReason.NOT_ASKED) for line, n in left.items()]
                kind = ReturnKind.WITHDRAWAL
                return store(rt, data, stored, wishes, kind=kind, sealed=sealed)
        # another window was faster: what it declared is compared as any that came before
        return withdraw(rt, shop_id, order_id, told)
    return withdraw_unmatched(rt, shop_id, told)


def withdraw_unmatched(rt: Runtime, shop_id: ShopId, told: Declaration) -> ReturnRow:
    """Keep a declaration with no order of its own: the receipt goes out, the merchant looks.

    The very same declaration sent twice is one.
    """
    words = _words_of(told)
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        hasher, sealed = data.hasher, data.returns.seal(words)
        currency = Shops(uow).get(shop_id).currency
        for row in data.returns.unmatched(data.customers.email_hash(told.email) or ""):
            if row.open and data.returns.words(row) == words:
                return row
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id, hasher)
        return returns.open_return(
            rt,
            data,
            NewReturn(
                kind=ReturnKind.WITHDRAWAL,
                origin=ReturnOrigin.CUSTOMER,
                state=ReturnState.HELD,
                lines=(),
                value=Money.zero(currency),
                requested_at=rt.business.now(),
                locale=told.locale,
                sealed=sealed,
                email_hash=data.customers.email_hash(told.email),
            ),
        )


def _words_of(told: Declaration) -> ReturnWords:
    return ReturnWords(
        email=told.email, name=told.name, order_number=told.order_number, goods=told.goods
    )


def _kept(order: OrderSnapshot) -> dict[PlatformId, int]:
    refunded = refunded_quantities(order)
    kept = {x.line_id: x.quantity - refunded.get(x.line_id, 0) for x in order.lines}
    return {line_id: quantity for line_id, quantity in kept.items() if quantity > 0}
