"""The figures on the merchant's pages, each page from one reading transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.automations.registry import AUTOMATIONS, RETURNS
from app.db.problems import Problem
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.actions import RETURN_WORK, WAITING, ActionState
from app.domain.ids import ShopId
from app.domain.reasons import ReasonCode
from app.domain.returns import ReturnState
from app.pipeline.runtime import Runtime
from app.services import healing, importing
from app.services.healing import Healed
from app.services.importing import ImportProgress
from app.services.plugin import link as plugin
from app.services.switching import Stored, stored

FIGURES_OVER = timedelta(days=28)
PLANNED_OVER = timedelta(days=7)
_FIRST_STEPS = "first_steps"  # a cursor: whether the merchant removed them
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_States = Mapping[ReturnState, int]
_NOT_DONE = (ActionState.SKIPPED, ActionState.MISSED)


@dataclass(frozen=True, slots=True)
class AutomationFigures:
    """How one automation does. `done` and `not_done` count the last 28 days."""

    key: str
    stored: Stored
    waiting: int
    planned: int  # of the waiting ones, those due within 7 days
    done: int
    not_done: int
    reason: tuple[ReasonCode, int] | None  # the most frequent one


@dataclass(frozen=True, slots=True)
class Health:
    """How the connection and the work stand. `webhooks` is None where the app's own serve all."""

    last_received: datetime | None  # wall
    webhooks: tuple[int, int] | None
    healed: Healed | None  # webhooks that were made anew, while that is news
    polls_minutes: int
    waiting: int  # all that is planned, whenever it becomes due
    due: int  # what is due by now
    late: int
    progress: ImportProgress


@dataclass(frozen=True, slots=True)
class ReturnFigures:
    """Returns that wait for the merchant, and since when; and those of the last 28 days."""

    held: int
    oldest: datetime | None
    asked: int
    by_rules: int


@dataclass(frozen=True, slots=True)
class Home:
    """All that the home page tells."""

    shop: Shop
    problems: list[Problem]
    uncertain: int
    failed: int
    parked: int
    returns: ReturnFigures
    days: tuple[tuple[date, int], ...]  # how much becomes due, for a week from today on
    automations: list[AutomationFigures]
    reviews: tuple[int, int]  # how many, and the sum of their stars
    coupons: tuple[int, int]  # made, used
    health: Health
    first_steps: bool

    @property
    def rows_for_merchant(self) -> tuple[int, ...]:
        """How many rows of each kind wait for a person's word."""
        return self.uncertain, self.failed, self.parked, self.returns.held


def home(rt: Runtime, shop_id: ShopId) -> Home:
    """The state of one shop."""
    with rt.db.read() as uow:
        data, shop = ShopData(uow, shop_id), Shops(uow).get(shop_id)
        states = data.returns.counts()
        reports, rows = data.reports, automations(rt, data, states)
        nothing_on = not any(row.stored.enabled for row in rows)
        removed = bool(data.cursors.get(_FIRST_STEPS))
        return Home(
            shop=shop,
            problems=data.problems.all_open(),
            uncertain=reports.in_state(ActionState.UNCERTAIN),
            failed=reports.in_state(ActionState.FAILED),
            returns=_returns(data, states, rt.business.now()),
            days=_days(data, shop, rt.business.now()),
            parked=data.inbox.counts().get("failed", 0),
            automations=rows,
            reviews=reports.stars(rt.business.now() - FIGURES_OVER),
            coupons=reports.coupons(rt.business.now() - FIGURES_OVER),
            health=health(rt, data, shop),
            first_steps=nothing_on and not removed,
        )


def _returns(data: ShopData, states: _States, now: datetime) -> ReturnFigures:
    waiting = data.returns.waiting(1)
    return ReturnFigures(
        held=states.get(ReturnState.HELD, 0),
        oldest=waiting[0].requested_at if waiting else None,
        asked=data.returns.asked(now - FIGURES_OVER),
        by_rules=data.return_lists.decided(now - FIGURES_OVER).by_rules,
    )


def _days(data: ShopData, shop: Shop, now: datetime) -> tuple[tuple[date, int], ...]:
    """By the shop's own days; today holds what is late as well."""
    zone = ZoneInfo(shop.timezone)
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in range(PLANNED_OVER.days)]
    starts = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    ends = [*starts[1:], datetime.combine(days[-1] + timedelta(days=1), time(), zone)]
    starts[0] = _EVER
    return tuple(
        (day, data.reports.due_between(start, end.astimezone(UTC)))
        for day, start, end in zip(days, starts, ends, strict=True)
    )


def automations(
    rt: Runtime, data: ShopData, states: _States | None = None
) -> list[AutomationFigures]:
    """Every automation with its figures, in the order of the registry. `states`: how many returns
    are in each, where the caller knows.
    """
    now = rt.business.now()
    reports = data.reports
    since = now - FIGURES_OVER
    outcomes, planned = reports.outcomes(since), reports.planned(now + PLANNED_OVER)
    rows = [
        AutomationFigures(
            key=key,
            stored=stored(data, key),
            waiting=sum(outcomes.get((key, state), 0) for state in WAITING),
            planned=planned.get(key, 0),
            done=outcomes.get((key, ActionState.DONE), 0),
            not_done=sum(outcomes.get((key, state), 0) for state in _NOT_DONE),
            reason=next(iter(data.actions.skip_reasons(key, since)), None),
        )
        for key in (automation.key for automation in AUTOMATIONS)
    ]
    states = data.returns.counts() if states is None else states
    return [_of_returns(data, row, states, now) if row.key == RETURNS.key else row for row in rows]


def _of_returns(
    data: ShopData, row: AutomationFigures, states: _States, now: datetime
) -> AutomationFigures:
    """Rules decide: what they decided is done, what they left to the merchant is not."""
    decided = data.return_lists.decided(now - FIGURES_OVER)
    return replace(
        row,
        planned=data.reports.due_between(_EVER, now + PLANNED_OVER, RETURN_WORK),
        waiting=states.get(ReturnState.HELD, 0),
        done=decided.by_rules,
        not_done=decided.held,
        reason=decided.reason,
    )


def waiting(rt: Runtime, shop_id: ShopId, automation: str | None = None) -> int:
    """How many rows wait, of the shop or of one automation."""
    with rt.db.read() as uow:
        counts = ShopData(uow, shop_id).actions.counts()
    return sum(
        count
        for (name, state), count in counts.items()
        if state in WAITING and automation in (None, name)
    )


def remove_first_steps(rt: Runtime, shop_id: ShopId) -> None:
    """Never show them again."""
    with rt.db.write() as uow:
        ShopData(uow, shop_id).cursors.put(_FIRST_STEPS, {"removed": True}, rt.wall.now())


def health(rt: Runtime, data: ShopData, shop: Shop) -> Health:
    """How the connection and the work stand."""
    platform, reports = rt.platforms[shop.platform], data.reports
    hooks = None
    if not platform.shared_secrets:
        active = {hook.topic for hook in data.webhooks.all() if hook.state == "active"}
        topics = plugin.topics(platform, data)
        hooks = (len(active & topics.keys()), len(topics))
    now = rt.business.now()
    late = 0 if shop.paused_at else reports.late(now, rt.wall.now())
    return Health(
        last_received=data.inbox.last_received(),
        webhooks=hooks,
        healed=healing.webhooks(data, now),
        polls_minutes=platform.polls_minutes,
        waiting=sum(n for (_, state), n in reports.outcomes(now).items() if state in WAITING),
        due=reports.due_between(_EVER, now),
        late=late,
        progress=importing.progress(data),
    )
