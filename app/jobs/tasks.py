"""What the worker runs: a name and ids in, one pipeline or service function called."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.deps import Deps
from app.domain.ids import ShopId
from app.jobs.queues import flag
from app.jobs.turns import Turns
from app.logs import begin_job, place_of
from app.pipeline.interpret import drain
from app.pipeline.perform import perform_due, recover
from app.services import (
    connections,
    held,
    importing,
    privacy,
    reconcile,
    refreshing,
    replanning,
    subscriptions,
    tokens,
)
from app.services.plugin import link as plugin

log = structlog.get_logger()


class JobFailed(Exception):
    """A job ended with an error; says which and where, never with what."""


class _Worker:
    """Set once per worker process, before the first job."""

    deps: Deps
    redis: Redis
    turns: Turns


def prepare(deps: Deps, redis: Redis) -> None:
    """Give the jobs what they need; called by the worker at start."""
    _Worker.deps, _Worker.redis, _Worker.turns = deps, redis, Turns(redis, deps.dispatch)


def run(name: str, *arguments: Any) -> None:
    """One job. The waiting flag goes first: what comes from now on needs a job of its own."""
    try:
        _Worker.redis.delete(flag(name, arguments))
    except RedisError as error:
        log.warning("queue.unreachable", job=name, error=type(error).__name__)
    begin_job(name, arguments[0] if arguments else None)
    began = perf_counter()
    try:
        with _Worker.turns.take((name, arguments)) as ours:
            if not ours:
                return
            TASKS[name](_Worker.deps, *arguments)
    except Exception as error:  # noqa: BLE001 - raised again, without its text
        # The queue keeps and logs what is raised: without the error's text, which may be content.
        what, place = type(error).__name__, place_of(error)
        log.error("job.failed", error=what, place=place)  # noqa: TRY400 - the trace names values
        raise JobFailed(f"{what} at {place}") from None
    log.info("job.done", ms=round((perf_counter() - began) * 1000))


def _in_turns(name: str, work: Callable[[Deps, ShopId], bool]) -> Callable[[Deps, ShopId], None]:
    """Work that asks for itself again while there is more, behind the other shops."""

    def turn(deps: Deps, shop_id: ShopId) -> None:
        if work(deps, shop_id):
            deps.dispatch((name, (shop_id,)))

    return turn


TASKS: dict[str, Callable[..., object]] = {
    "drain": drain,
    "perform": _in_turns("perform", perform_due),
    "recover": recover,
    "refresh": _in_turns("refresh", refreshing.refresh_due),
    "reconcile": reconcile.reconcile,
    "import_history": importing.continue_import,
    "check_connection": connections.check,
    "subscribe": subscriptions.synchronise,
    "link_plugin": plugin.link,
    "verify_keys": connections.verify_pending,
    "recount": held.recount,
    "privacy": privacy.carry_out,
    "replan": replanning.replan,
    "renew_token": tokens.renew_idle,
}
