"""Withdrawing from a contract: declare, then confirm. No reason is asked, nothing is declined.

Directive 2011/83/EU art. 11a as inserted by (EU) 2023/2673; Türkiye: Mesafeli Sözleşmeler
Yönetmeliği. From a link of ours the declaration is filled in. Without one it is matched silently:
the answer is the same whether or not there is such an order.
"""

from zoneinfo import ZoneInfo

from flask import Response, request

from app.channels.links import Purpose
from app.customer_pages.frame import (
    address,
    blueprint,
    go,
    here,
    limit,
    link_to,
    no_such_link,
    page,
    read_link,
    shop_gone,
    shop_of,
    speak,
)
from app.customer_pages.withdrawal_form import (
    LONGEST_GOODS,
    Form,
    Receipt,
    carried,
    carried_on,
    opened,
    sealed,
    sent,
)
from app.db.returns import ReturnRow
from app.db.shops import Shop
from app.domain.snapshots import OrderSnapshot
from app.http import caller, current_deps, page_language
from app.services.preferences import masked
from app.services.rate_limits import rate_limits
from app.services.returns import standing, withdrawing
from app.services.returns.asking import Refusal
from app.services.returns.standing import Purchase
from app.services.returns.withdrawing import Declaration

_SMALL_FORM = 40_000  # bytes
_RATE = "20/hour"


@blueprint.get("/c/<shop_ref>/withdraw")
def withdraw(shop_ref: str) -> Response:
    """The form for everybody, guests included; filled in for whoever wants to change it."""
    shop = _open(shop_ref)
    return _form(shop, _carried_on(shop, request.args.get("d", "")) or Form())


@blueprint.post("/c/<shop_ref>/withdraw")
def withdraw_now(shop_ref: str) -> Response:
    """Declared: shown once more. Confirmed: kept, and a receipt goes out.

    Each answer is the address of a page, so that a browser can go back to it.
    """
    shop, step = _open(shop_ref), request.form.get("do", "declare")
    form = sent(request.form)
    deps = current_deps()
    token = carried(deps.db.keyring, shop, form)
    if step == "change" and len(form.goods) <= LONGEST_GOODS:
        return go(address("withdraw", shop_ref=shop_ref, d=token))
    if form.errors:
        return _form(shop, form, 422)
    if step != "confirm":
        return go(address("withdraw_declared", shop_ref=shop_ref, token=token))
    limits = rate_limits(deps.settings.redis_url)
    if not withdrawing.may_declare(limits, shop.id, caller(), form.email):
        return _form(shop, form, 429)
    told = Declaration(form.name, form.email, form.number, form.goods, page_language())
    row = withdrawing.declare(deps, shop.id, told)
    receipt = Receipt(
        form.name, form.email, form.number, form.goods, row.requested_at, return_name=row.name
    )
    token = sealed(deps.db.keyring, shop, receipt)
    return go(address("withdrawn", shop_ref=shop_ref, token=token))


@blueprint.get("/c/<shop_ref>/withdraw/declared/<token>")
def withdraw_declared(shop_ref: str, token: str) -> Response:
    """What was filled in, to be confirmed."""
    shop = _open(shop_ref)
    form = _carried_on(shop, token)
    if form is None:
        no_such_link()
    action = address("withdraw", shop_ref=shop_ref)
    return page("withdraw_confirm.html", shop, form=form, action=action, email=form.email)


@blueprint.get("/c/<shop_ref>/withdraw/received/<token>")
def withdrawn(shop_ref: str, token: str) -> Response:
    """The receipt on the screen: what was declared, and when it arrived."""
    shop = shop_of(shop_ref)
    speak(shop.language)
    receipt = opened(current_deps().db.keyring, shop, token)
    if receipt is None:
        no_such_link()
    return page("withdrawn.html", shop, receipt=receipt, zone=ZoneInfo(shop.timezone))


@blueprint.get("/return/<token>/withdraw")
def withdraw_order(token: str) -> Response:
    """The declaration filled in from the order of the link; one button confirms it."""
    shop, found = _purchase(token)
    if found is None:
        return go(address("withdraw", shop_ref=shop.public_ref))
    return go(_status(shop, found.withdrawn)) if found.withdrawn else _confirm(shop, found.order)


@blueprint.post("/return/<token>/withdraw")
def withdraw_order_now(token: str) -> Response:
    """Confirmed; declared twice it is one."""
    shop, found = _purchase(token)
    if found is None:
        return go(address("withdraw", shop_ref=shop.public_ref))
    if not limit(_RATE, f"{shop.public_ref}:{found.order.order_id}"):
        return page("too_often.html", shop, 429)
    order = found.order
    told = Declaration(_name(order), order.person.email or "", order.number, "", page_language())
    row = withdrawing.withdraw(current_deps(), shop.id, order.order_id, told)
    if isinstance(row, Refusal):
        return go(address("withdraw", shop_ref=shop.public_ref))
    return go(_status(shop, row))


def _status(shop: Shop, row: ReturnRow) -> str:
    return link_to(Purpose.RETURN_STATUS, {"s": shop.public_ref, "r": row.public_ref})


def _open(shop_ref: str) -> Shop:
    request.max_content_length = request.max_form_memory_size = _SMALL_FORM
    shop = shop_of(shop_ref)
    speak(shop.language)
    _still_here(shop)
    return shop


def _carried_on(shop: Shop, token: str) -> Form | None:
    return carried_on(current_deps().db.keyring, shop, token)


def _purchase(token: str) -> tuple[Shop, Purchase | None]:
    data = read_link(Purpose.RETURN, token)
    shop = shop_of(data.get("s", ""))
    found = standing.purchase(current_deps(), shop.id, data.get("o", ""))
    speak(found.order.locale if found else None, shop.language)
    _still_here(shop)
    return shop, found


def _still_here(shop: Shop) -> None:
    """A declaration must reach somebody: a shop that left is not asked through us any more."""
    if not shop.connected:
        shop_gone(shop)


def _form(shop: Shop, form: Form, status: int = 200) -> Response:
    return page(
        "withdraw.html",
        shop,
        status,
        form=form,
        errors=dict(form.errors) if status == 422 else {},
        error_list=form.errors if status == 422 else [],
        error_count=len(form.errors) if status == 422 else 0,
        too_often=status == 429,
        action=here(),
    )


def _confirm(shop: Shop, order: OrderSnapshot) -> Response:
    form = Form(_name(order), order.person.email or "", order.number)
    email = masked(order.person.email or "")
    return page("withdraw_confirm.html", shop, form=form, order=order, action=here(), email=email)


def _name(order: OrderSnapshot) -> str:
    person = order.person
    return " ".join(part for part in (person.first_name, person.last_name) if part)
