"""Development pages: what was mailed, and a button that moves business time."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.channels.outbox import OutboxMailbox
from app.db.actions import next_due
from app.domain.errors import Retryable
from app.http import allow, current_deps
from app.services import timetravel

blueprint = Blueprint("dev", __name__, url_prefix="/dev")
_STEPS = {"1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}


@blueprint.get("/")
def index() -> str:
    """Where to go: stores, outbox, clock."""
    deps = current_deps()
    now = deps.business.now()
    with deps.db.read() as uow:
        due = next_due(uow, after=now)
    return render_template(
        "dev/index.html",
        now=now,
        due=due,
        twins=deps.settings.twins,
        mails=_mailbox().list()[:50],
        problem=request.args.get("problem"),
    )


@blueprint.post("/clock")
def move() -> AnyResponse:
    """Advance by a step, or to the next thing that is due."""
    deps = current_deps()
    try:
        timetravel.advance(deps, _target(request.form.get("to", "next")), patience=30)
    except Retryable as error:
        return redirect(url_for("dev.index", problem=str(error)), 303)
    return redirect(url_for("dev.index"), 303)


def _target(step: str) -> datetime:
    deps = current_deps()
    now = deps.business.now()
    if step in _STEPS:
        return now + _STEPS[step]
    with deps.db.read() as uow:
        return next_due(uow, after=now) or now


@blueprint.get("/mail/<mail_id>")
def mail(mail_id: str) -> str:
    """One mail with its headers; the HTML stands in a frame of its own."""
    found = _mailbox().get(mail_id) or abort(404)
    return render_template("dev/mail.html", mail=found)


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


def _mailbox() -> OutboxMailbox:
    return OutboxMailbox(current_deps().settings.data_dir / "outbox")
