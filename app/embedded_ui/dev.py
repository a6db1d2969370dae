"""Development pages: the demo stores, what was mailed, and a button that moves business time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import cookies
from app.channels.outbox import OutboxMailbox
from app.db.actions import next_due
from app.db.shops import Shop, Shops, ShopState
from app.domain.errors import Retryable
from app.embedded_ui.style import style_page
from app.http import allow, current_deps
from app.services import timetravel

blueprint = Blueprint("dev", __name__, url_prefix="/dev")
_STEPS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}
_SHOWN = 50
_SHOPIFY_SHOP = "cinar-breza"  # the twin's demo shop


@dataclass(frozen=True)
class DemoStore:
    """Where a person plays customer, merchant, and merchant inside Afterglow."""

    title: str
    front: str
    merchant: str
    dashboard: str


@blueprint.get("/")
def index() -> str:
    """Where to go: stores, outbox, clock."""
    deps = current_deps()
    now = deps.business.now()
    with deps.db.read() as uow:
        due = next_due(uow, after=now)
    mails = _mailbox().list()
    return render_template(
        "dev/index.html",
        now=now,
        due=due,
        stores=_demo_stores(),
        shops=_signed_in_by_cookie(),
        mails=mails[:_SHOWN],
        count=len(mails),
        problem=request.args.get("problem"),
    )


@blueprint.get("/style")
def style() -> str:
    """Every component of the kit with its states."""
    return style_page(failed_save="errors" in request.args)


@blueprint.post("/clock")
def move() -> AnyResponse:
    """Advance by a step, or to the next thing that is due."""
    deps = current_deps()
    try:
        timetravel.advance(deps, _target(request.form.get("to", "next")), patience=30)
    except Retryable as error:
        return redirect(url_for("dev.index", problem=str(error)), 303)
    return redirect(url_for("dev.index"), 303)


@blueprint.get("/enter")
def enter() -> AnyResponse:
    """Into the dashboard of a WooCommerce store (`?shop=<id>`, else the first), without the mail
    that its owner would need.
    """
    shops = _signed_in_by_cookie()
    wanted = request.args.get("shop", type=int)
    shop = next((each for each in shops if wanted in (None, each.id)), None)
    if shop is None:
        return redirect("/connect", 303)
    response = redirect("/app/", 303)
    cookies.sign_in(current_deps(), response, shop, "owner")
    return response


@blueprint.get("/mail/<mail_id>")
def mail(mail_id: str) -> Response:
    """One mail with its headers; the HTML stands in a frame of its own."""
    found = _mailbox().get(mail_id) or abort(404)
    page = Response(render_template("dev/mail.html", mail=found), mimetype="text/html")
    return allow(page, frame_src="'self'")


@blueprint.get("/mail/<mail_id>/html")
def mail_html(mail_id: str) -> Response:
    """The HTML part as a mail program would show it: styles inline, no script, its own origin."""
    found = _mailbox().get(mail_id) or abort(404)
    response = Response(found.html, mimetype="text/html")
    return allow(
        response,
        style_src="'unsafe-inline'",  # mails carry their styles inline
        img_src="* data:",
        script_src="'none'",
        frame_ancestors="'self'",
    )


def _target(step: str) -> datetime:
    deps = current_deps()
    now = deps.business.now()
    if step in _STEPS:
        return now + _STEPS[step]
    with deps.db.read() as uow:
        return next_due(uow, after=now) or now


def _demo_stores() -> list[DemoStore]:
    """The twins: Shopify first, WooCommerce second; none where real stores are connected."""
    twins = current_deps().settings.twins
    if not twins:
        return []
    shopify, woocommerce = f"{twins[0]}/store/{_SHOPIFY_SHOP}", twins[1]
    return [
        DemoStore(
            "WooCommerce", f"{woocommerce}/", f"{woocommerce}/wp-admin/", url_for("dev.enter")
        ),
        DemoStore("Shopify", f"{shopify}/storefront", f"{shopify}/", f"{shopify}/apps/afterglow"),
    ]


def _signed_in_by_cookie() -> list[Shop]:
    """Connected stores whose dashboard is a page of our own."""
    with current_deps().db.read() as uow:
        shops = Shops(uow).in_state(ShopState.ACTIVE)
    return [shop for shop in shops if shop.platform == "woocommerce"]


def _mailbox() -> OutboxMailbox:
    return OutboxMailbox(current_deps().settings.data_dir / "outbox")
