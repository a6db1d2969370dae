"""The way to a return without a link: order number and e-mail, then a code by mail."""

from flask import Response, request

from app.channels.links import Purpose
from app.customer_pages.fields import Errors, address_error, line
from app.customer_pages.frame import (
    address,
    blueprint,
    go,
    here,
    link_to,
    page,
    shop_gone,
    shop_of,
    speak,
)
from app.db.shops import Shop
from app.http import caller, current_deps, page_language
from app.i18n import N_
from app.services.rate_limits import RateLimits, rate_limits
from app.services.returns import lookup
from app.services.returns.lookup import BadCode

_LONGEST_NUMBER = 64
_SMALL_FORM = 20_000  # bytes


@blueprint.get("/c/<shop_ref>/return")
def return_lookup(shop_ref: str) -> Response:
    """Which order is it?"""
    shop = _open(shop_ref)
    return _ask(shop, "", "", [])


@blueprint.post("/c/<shop_ref>/return")
def return_lookup_now(shop_ref: str) -> Response:
    """Send a code; the answer is the same whether or not there is such an order."""
    shop = _open(shop_ref)
    number = line(request.form.get("number", ""), _LONGEST_NUMBER)
    email = line(request.form.get("email", ""))
    errors = _errors(number, email)
    if errors:
        return _ask(shop, number, email, errors, 422)
    deps = current_deps()
    if not lookup.may_ask(_limits(), shop.id, caller(), email):
        return _ask(shop, number, email, [], 429)
    ref = lookup.ask_code(deps, shop.id, number, email, page_language())
    return go(address("return_code", shop_ref=shop_ref, lookup_ref=ref))


@blueprint.get("/c/<shop_ref>/return/<lookup_ref>")
def return_code(shop_ref: str, lookup_ref: str) -> Response:
    """Where the code is entered."""
    shop = _open(shop_ref)
    if not lookup.is_waiting(current_deps(), shop.id, lookup_ref):
        return _code_over(shop)
    return _enter(shop, [])


@blueprint.post("/c/<shop_ref>/return/<lookup_ref>")
def return_code_now(shop_ref: str, lookup_ref: str) -> Response:
    """The right code opens the order, once."""
    shop = _open(shop_ref)
    code = line(request.form.get("code", ""), 20)
    if not any(char.isdigit() for char in code):
        return _enter(shop, [("code", N_("Enter the six digits from the mail."))], 422)
    if not lookup.may_try(_limits(), shop.id, caller()):
        return _enter(shop, [], 429)
    found = lookup.check_code(current_deps(), shop.id, lookup_ref, code)
    if found is BadCode.OVER:
        return _code_over(shop)
    if found is BadCode.WRONG:
        wrong = N_("This is not the code from the mail. Compare the digits and enter them again.")
        return _enter(shop, [("code", wrong)], 422)
    url = link_to(Purpose.RETURN, {"s": shop.public_ref, "o": found})
    return go(url)


def _open(shop_ref: str) -> Shop:
    request.max_content_length = request.max_form_memory_size = _SMALL_FORM
    shop = shop_of(shop_ref)
    speak(shop.language)
    if not shop.connected:
        shop_gone(shop)
    return shop


def _limits() -> RateLimits:
    return rate_limits(current_deps().settings.redis_url)


def _errors(number: str, email: str) -> Errors:
    errors: Errors = []
    if not number:
        errors.append(("number", N_("Enter the order number. It is in the mail from the shop.")))
    if wrong := address_error(email):
        errors.append(("email", wrong))
    return errors


def _ask(shop: Shop, number: str, email: str, errors: Errors, status: int = 200) -> Response:
    values = {"number": number, "email": email}
    return page(
        "return_lookup.html",
        shop,
        status,
        values=values,
        errors=dict(errors),
        error_list=errors,
        error_count=len(errors),
        too_often=status == 429,
        action=here(),
    )


def _enter(shop: Shop, errors: Errors, status: int = 200) -> Response:
    return page(
        "return_code.html",
        shop,
        status,
        errors=dict(errors),
        error_list=errors,
        error_count=len(errors),
        too_often=status == 429,
        action=here(),
        again_url=address("return_lookup", shop_ref=shop.public_ref),
    )


def _code_over(shop: Shop) -> Response:
    again = address("return_lookup", shop_ref=shop.public_ref)
    return page("return_code_over.html", shop, 410, again_url=again)
