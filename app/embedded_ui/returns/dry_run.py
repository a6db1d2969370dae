"""The dry run: what other rules would have decided, before anything is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.automations.registry import RETURNS
from app.automations.returns_approval import ReturnsApprovalSettings
from app.domain.ids import PlatformId
from app.domain.returns import ReturnOutcome
from app.embedded_ui import charts
from app.embedded_ui.activity.listing import number
from app.embedded_ui.returns.pages import blueprint
from app.embedded_ui.returns.rules import draft_of, form, settings_in, stored
from app.embedded_ui.returns.words import OUTCOMES
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, page, reader_of
from app.http import current_deps
from app.services import switching
from app.services.backtest import ASKED_AFTER, Backtest, Change, Turn, backtest
from app.services.switching import SaveResult

_ORDER = (ReturnOutcome.APPROVE, ReturnOutcome.HOLD, ReturnOutcome.DECLINE)
_NOT_CARRIED = {"csrf_token", "do"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a matrix: what is decided now, and what it would become, each with its count."""

    word: str
    cells: tuple[tuple[int, bool], ...]  # count, whether it stays as it is
    total: int


@dataclass(frozen=True, slots=True)
class Example:
    """Something that would be decided differently, in the reader's language."""

    name: str
    order_id: PlatformId
    is_return: bool
    before: str
    after: str
    was: str
    because: str


@blueprint.get("/dry-run")
@merchant_page
def dry_run(merchant: MerchantSession) -> ResponseReturnValue:
    """What the stored rules decide on the past: the page at once, then what takes its time."""
    if "part" in request.args:
        reader, settings = reader_of(merchant), settings_in(stored(merchant))
        return render_template(
            "returns/dry_run_results.html", **_results(merchant, settings, reader)
        )
    if "now" in request.args:
        return _page(merchant, settings_in(stored(merchant)))
    return page("returns/dry_run.html", reader_of(merchant), result=None, carried=[])


@blueprint.post("/dry-run")
@merchant_page
def try_rules(merchant: MerchantSession) -> ResponseReturnValue:
    """What the entered rules would have decided; wrong entries lead back to the form."""
    known, draft = stored(merchant), draft_of()
    wanted = switching.check(RETURNS.key, known.values, draft.values(settings_in(known)))
    if not isinstance(wanted, ReturnsApprovalSettings):
        errors = wanted if isinstance(wanted, tuple) else ()
        return form(merchant, known, draft, result=SaveResult(known.version, errors)), 422
    carried = [
        (name, value) for name, value in request.form.items(multi=True) if name not in _NOT_CARRIED
    ]
    return _page(merchant, wanted, carried, changed=wanted != known.values)


def _page(
    merchant: MerchantSession,
    settings: ReturnsApprovalSettings,
    carried: Iterable[tuple[str, str]] = (),
    *,
    changed: bool = False,
) -> str:
    reader = reader_of(merchant)
    results = _results(merchant, settings, reader, changed=changed)
    return page("returns/dry_run.html", reader, **{**results, "carried": list(carried)})


def _results(
    merchant: MerchantSession,
    settings: ReturnsApprovalSettings,
    reader: Reader,
    *,
    changed: bool = False,
) -> dict[str, Any]:
    result = backtest(current_deps(), merchant.shop.id, settings)
    return {
        "result": result,
        "carried": [],
        "changed": changed,
        "words": [reader.words.gettext(OUTCOMES[outcome][2]) for outcome in _ORDER],
        "returns": _matrix(result.returns, reader),
        "orders": _matrix(result.orders, reader),
        "return_count": sum(result.returns.values()),
        "order_count": sum(result.orders.values()),
        "chart": charts.bars(_points(result, reader, compares=changed)),
        "examples": [_example(change, reader) for change in result.examples],
        "asked_after": ASKED_AFTER,
    }


def _matrix(turns: Mapping[Turn, int], reader: Reader) -> list[Row]:
    return [
        Row(
            reader.words.gettext(OUTCOMES[before][2]),
            tuple((turns.get((before, after), 0), before is after) for after in _ORDER),
            sum(turns.get((before, after), 0) for after in _ORDER),
        )
        for before in _ORDER
    ]


def _points(result: Backtest, reader: Reader, *, compares: bool) -> list[charts.Point]:
    turns = [*result.returns.items(), *result.orders.items()]
    return [
        charts.Point(
            reader.words.gettext(OUTCOMES[outcome][2]),
            sum(count for (_, after), count in turns if after is outcome),
            before=sum(count for (before, _), count in turns if before is outcome)
            if compares
            else None,
        )
        for outcome in _ORDER
    ]


def _example(change: Change, reader: Reader) -> Example:
    return Example(
        name=change.name if change.is_return else number(change.name),
        order_id=change.order_id,
        is_return=change.is_return,
        before=reader.words.gettext(OUTCOMES[change.before][2]),
        after=reader.words.gettext(OUTCOMES[change.after][2]),
        was=reader.because(change.was),
        because=reader.because(change.because),
    )
