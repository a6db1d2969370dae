"""What each kind of rule sees in a case, and whether it fits."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import lru_cache, singledispatch

from app.automations.returns_approval.case import Case, Piece, Sight, fold, is_listed
from app.automations.returns_approval.limits import (
    DiscountRule,
    ReturnsRule,
    ShareRule,
    ValueRule,
    WindowRule,
)
from app.automations.returns_approval.lists import (
    CategoriesRule,
    CountryMatch,
    CountryRule,
    NotSentRule,
    ProductsRule,
    ReasonsRule,
    SaleRule,
    TagsRule,
)
from app.automations.returns_approval.rules import AnyRule, UnknownRule
from app.automations.returns_approval.window import window_of
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import PastReturn, ReturnKind, ReturnOutcome, ReturnState


def look(rule: AnyRule, case: Case) -> Sight:
    """What a rule sees in a case, and whether it fits."""
    sight = case.sights.get(id(rule))
    if sight is None:
        sight = case.sights[id(rule)] = _look(rule, case)
    return sight


@singledispatch
def _look(rule: AnyRule, case: Case) -> Sight:  # noqa: ARG001
    raise TypeError(f"{type(rule).__name__} is no rule of returns")


@_look.register
def _unknown(_rule: UnknownRule, _case: Case) -> Sight:
    return Sight(None, Reason.of(ReasonCode.RULE_UNKNOWN))


@_look.register
def _window(rule: WindowRule, case: Case) -> Sight:
    window = window_of(rule, case.context)
    if window is None:
        not_begun = Reason.of(ReasonCode.WINDOW_NOT_BEGUN)
        return Sight(_beyond(rule.outcome, is_beyond=False), not_begun)
    is_over = case.at >= window.ends_at
    code = window.over_code if is_over else window.open_code
    saw = Reason.of(code, n=rule.days, date=window.fact_at, until=window.last_day)
    return Sight(_beyond(rule.outcome, is_over), saw)


# items


@_look.register
def _not_sent(_rule: NotSentRule, case: Case) -> Sight:
    for piece in case.pieces:
        if piece.line.is_gift_card:
            return Sight(True, Reason.of(ReasonCode.GIFT_CARD, item=piece.line.title))
        if not piece.line.ships:
            return Sight(True, Reason.of(ReasonCode.NOT_SENT, item=piece.line.title))
    return Sight(False, Reason.of(ReasonCode.ALL_SENT))


@_look.register
def _products(rule: ProductsRule, case: Case) -> Sight:
    def found(piece: Piece) -> Reason | None:
        if is_listed(piece.line, rule.products):
            return Reason.of(ReasonCode.PRODUCT_LISTED, item=piece.line.title)
        return None

    return _listed(rule.outcome, case.pieces, found, lambda _piece: True)


@_look.register
def _categories(rule: CategoriesRule, case: Case) -> Sight:
    wanted = fold(rule.categories)

    def found(piece: Piece) -> Reason | None:
        names = piece.product.categories if piece.product else ()
        name = next((name for name in names if name.casefold() in wanted), None)
        if name is None:
            return None
        return Reason.of(ReasonCode.CATEGORY_LISTED, item=piece.line.title, name=name)

    return _listed(rule.outcome, case.pieces, found, _is_read)


@_look.register
def _tags(rule: TagsRule, case: Case) -> Sight:
    wanted = fold(rule.tags)

    def found(piece: Piece) -> Reason | None:
        names = piece.product.tags if piece.product else ()
        name = next((name for name in names if name.casefold() in wanted), None)
        if name is None:
            return None
        return Reason.of(ReasonCode.TAG_LISTED, item=piece.line.title, name=name)

    return _listed(rule.outcome, case.pieces, found, _is_read)


def _is_read(piece: Piece) -> bool:
    return piece.product is not None


def _listed(
    outcome: ReturnOutcome,
    pieces: Iterable[Piece],
    found: Callable[[Piece], Reason | None],
    is_known: Callable[[Piece], bool],
) -> Sight:
    """One item on the list is enough to decline or hold; to approve, all must be on it.

    What is known for sure decides before what is not known.
    """
    approves, unknown = outcome is ReturnOutcome.APPROVE, None
    for piece in pieces:
        hit = found(piece)
        if hit and not approves:
            return Sight(True, hit)
        if hit:
            continue
        if not is_known(piece):
            unknown = unknown or Reason.of(ReasonCode.PRODUCT_UNKNOWN, item=piece.line.title)
        elif approves:
            return Sight(False, Reason.of(ReasonCode.ITEM_NOT_LISTED, item=piece.line.title))
    if unknown:
        return Sight(None, unknown)
    code = ReasonCode.ALL_LISTED if approves else ReasonCode.NONE_LISTED
    return Sight(approves, Reason.of(code))


@_look.register
def _reasons(rule: ReasonsRule, case: Case) -> Sight:
    approves = rule.outcome is ReturnOutcome.APPROVE
    for piece in case.pieces:
        if (piece.reason in rule.reasons) is approves:
            continue
        code = ReasonCode.REASON_NOT_LISTED if approves else ReasonCode.REASON_LISTED
        return Sight(not approves, Reason.of(code, item=piece.line.title, reason=piece.reason))
    code = ReasonCode.ALL_REASONS_LISTED if approves else ReasonCode.NO_REASON_LISTED
    return Sight(approves, Reason.of(code))


# money


@_look.register
def _sale(_rule: SaleRule, case: Case) -> Sight:
    unknown = None
    for piece in case.pieces:
        paid, regular = piece.line.unit_price, _regular_price(piece)
        if piece.product is None or (regular and paid is None):
            unknown = unknown or Reason.of(ReasonCode.SALE_UNKNOWN, item=piece.line.title)
        elif regular and paid and paid.currency == regular.currency and paid < regular:
            title = piece.line.title
            on_sale = Reason.of(ReasonCode.ITEM_ON_SALE, item=title, amount=paid, limit=regular)
            return Sight(True, on_sale)
    return Sight(None, unknown) if unknown else Sight(False, Reason.of(ReasonCode.NONE_ON_SALE))


def _regular_price(piece: Piece) -> Money | None:
    prices = piece.product.regular_prices if piece.product else {}
    return prices.get(piece.line.variant_id or "") or prices.get("")


@_look.register
def _discount(rule: DiscountRule, case: Case) -> Sight:
    if not case.context.order.coupon_codes:
        return Sight(False, Reason.of(ReasonCode.NO_DISCOUNT))
    full = paid = 0
    for piece in case.pieces:
        if piece.line.unit_price is None:
            return Sight(None, Reason.of(ReasonCode.PRODUCT_UNKNOWN, item=piece.line.title))
        full += piece.line.unit_price.minor * piece.quantity
        paid += piece.value.minor
    off = max(0, full - paid) * 100
    is_above = off > rule.percent * full
    code = ReasonCode.DISCOUNT_ABOVE if is_above else ReasonCode.DISCOUNT_WITHIN
    share = off // full if full else 0
    return Sight(is_above, Reason.of(code, n=share, limit=rule.percent))


@_look.register
def _value(rule: ValueRule, case: Case) -> Sight:
    currency = case.context.shop.currency
    limit = _limit(rule.amount, currency)
    values = [piece.value for piece in case.pieces]
    if foreign := next((value for value in values if value.currency != currency), None):
        total = Money(sum(v.minor for v in values), foreign.currency)
        other = Reason.of(ReasonCode.VALUE_OTHER_CURRENCY, amount=total, limit=limit)
        return Sight(None, other)
    total = Money(sum(value.minor for value in values), currency)
    is_above = limit < total
    code = ReasonCode.VALUE_ABOVE if is_above else ReasonCode.VALUE_WITHIN
    return Sight(_beyond(rule.outcome, is_above), Reason.of(code, amount=total, limit=limit))


@lru_cache(maxsize=256)
def _limit(amount: int, currency: str) -> Money:
    return Money.parse(amount, currency)


# the customer


@_look.register
def _returns(rule: ReturnsRule, case: Case) -> Sight:
    since = case.at - timedelta(days=rule.days)
    count = sum(since <= past.requested_at for past in _earlier(case))
    is_above = count > rule.count
    code = ReasonCode.RETURNS_ABOVE if is_above else ReasonCode.RETURNS_WITHIN
    saw = Reason.of(code, n=count, days=rule.days, limit=rule.count)
    return Sight(_beyond(rule.outcome, is_above), saw)


@_look.register
def _share(rule: ShareRule, case: Case) -> Sight:
    orders = [o.order_id for o in case.context.customer.orders if not (o.cancelled or o.test)]
    if len(orders) < rule.least_orders:
        saw = Reason.of(ReasonCode.SHARE_TOO_FEW, n=len(orders), limit=rule.least_orders)
        return Sight(False, saw)
    returned = {past.order_id for past in _earlier(case)} & set(orders)
    is_above = len(returned) * 100 > rule.percent * len(orders)
    code = ReasonCode.SHARE_ABOVE if is_above else ReasonCode.SHARE_WITHIN
    saw = Reason.of(code, n=len(returned), of=len(orders), limit=rule.percent)
    return Sight(_beyond(rule.outcome, is_above), saw)


def _earlier(case: Case) -> Iterable[PastReturn]:
    """Returns asked for before: no withdrawals, which are a right, and none that came to naught."""
    nothing = {ReturnState.DECLINED, ReturnState.CANCELLED}
    for past in case.context.returns:
        counts = past.kind is ReturnKind.RETURN and past.state not in nothing
        if counts and past.requested_at <= case.at:
            yield past


@_look.register
def _country(rule: CountryRule, case: Case) -> Sight:
    country = (case.context.order.country or "").upper()
    if not country:
        return Sight(None, Reason.of(ReasonCode.COUNTRY_UNKNOWN))
    listed = country in rule.countries
    code = ReasonCode.COUNTRY_LISTED if listed else ReasonCode.COUNTRY_NOT_LISTED
    fits = listed is (rule.match is CountryMatch.LISTED)
    return Sight(fits, Reason.of(code, country=country))


def _beyond(outcome: ReturnOutcome, is_beyond: bool) -> bool:
    """Whether a rule with a limit fits: beyond it, or within it where it approves."""
    return is_beyond is not (outcome is ReturnOutcome.APPROVE)
