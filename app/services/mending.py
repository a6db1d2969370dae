"""What happens when something is found to be mended."""

from collections.abc import Iterable

from app.db.tenant import ShopData
from app.pipeline.runtime import Runtime


def mended(rt: Runtime, data: ShopData, problems: Iterable[str]) -> None:
    """Resolve the problems that are open, and let go on what they blocked."""
    now = rt.business.now()
    for problem in problems:
        if data.problems.resolve(problem, now) and data.actions.unblock(problem):
            data.uow.after_commit("perform", data.shop_id)
