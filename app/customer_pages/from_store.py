"""The way from a customer's account in the store to our pages: a link that our plugin signed."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.channels.links import Purpose
from app.customer_pages.frame import blueprint, link_to, no_such_link
from app.http import current_deps
from app.services.plugin.calls import shop_of_return_link


@blueprint.get("/plugin/return")
def return_from_store() -> ResponseReturnValue:
    """To the returns page of one order; the store has checked whose it is."""
    given = [request.args.get(name, "") for name in ("s", "o", "t", "h")]
    shop = shop_of_return_link(current_deps(), *given)
    if shop is None:
        no_such_link()
    return redirect(link_to(Purpose.RETURN, {"s": shop.public_ref, "o": given[1]}), 303)
