"""Home: what needs the merchant now, whether it helps, whether it is connected; and the pause."""

from decimal import Decimal

from babel import dates
from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from app.automations.words import AUTOMATIONS
from app.domain.reason_words import WORDS
from app.embedded_ui.charts import BarChart, Point, bars
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, page, reader_of
from app.http import current_deps
from app.i18n import N_
from app.services import handling, reports, switching
from app.services.problems import cuts_off, explain

blueprint = Blueprint("home", __name__, url_prefix="/app")

STAGES = {
    "orders": N_("Reading recent orders"),
    "baseline": N_("Counting what customers bought before"),
    "settling": N_("Putting it in order"),
}


@blueprint.get("/")
@merchant_page
def index(merchant: MerchantSession) -> ResponseReturnValue:
    """The state of the shop on one page."""
    deps, reader = current_deps(), reader_of(merchant)
    state = reports.home(deps, merchant.shop.id)
    explained = [explain(problem, reader.words) for problem in state.problems]
    problems = [problem for problem in explained if not problem.news]
    return page(
        "home.html",
        reader,
        state=state,
        problems=problems,
        news=[problem for problem in explained if problem.news],
        cut_off=any(cuts_off(problem.key) for problem in problems),
        week=_week(state, reader),
        needs=len(problems) + sum(1 for n in state.rows_for_merchant if n),
        names=AUTOMATIONS,
        reason_words=WORDS,
        mean=_mean(*state.reviews),
        stages=STAGES,
        mail_from=deps.mail_from,
        outbox=deps.settings.mail_transport == "outbox",
        wall=deps.wall.now(),
    )


def _mean(count: int, stars: int) -> Decimal:
    return (Decimal(stars) / count).quantize(Decimal("0.1")) if count else Decimal(0)


def _week(state: reports.Home, reader: Reader) -> BarChart:
    """What becomes due on each of the next days."""
    names = dates.get_day_names("abbreviated", locale=reader.words.locale)
    return bars([Point(names[day.weekday()], count) for day, count in state.days])


@blueprint.post("/problems/<key>/again")
@merchant_page
def look_again(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """The merchant has mended something and does not want to wait for our next look."""
    looking = handling.look_again(current_deps(), merchant.shop.id, key)
    return redirect(url_for("home.index", done="looking" if looking else None), 303)


@blueprint.get("/pause")
@merchant_page
def ask_pause(merchant: MerchantSession) -> ResponseReturnValue:
    """What pausing, or going on, means."""
    deps = current_deps()
    return page(
        "pause.html",
        reader_of(merchant),
        paused_at=merchant.shop.paused_at,
        waiting=reports.waiting(deps, merchant.shop.id),
    )


@blueprint.post("/pause")
@merchant_page
def pause(merchant: MerchantSession) -> ResponseReturnValue:
    """Hold everything back."""
    switching.pause(current_deps(), merchant.shop.id)
    return redirect(url_for("home.index", done="paused"), 303)


@blueprint.post("/resume")
@merchant_page
def resume(merchant: MerchantSession) -> ResponseReturnValue:
    """Let it go on, unless it must not."""
    done = switching.resume(current_deps(), merchant.shop.id)
    return redirect(url_for("home.index", done="resumed" if done else "held"), 303)


@blueprint.post("/first-steps")
@merchant_page
def remove_first_steps(merchant: MerchantSession) -> ResponseReturnValue:
    """The merchant does not want to see them."""
    reports.remove_first_steps(current_deps(), merchant.shop.id)
    return redirect(url_for("home.index"), 303)
