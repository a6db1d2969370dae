"""Action rows: planned by upsert, claimed by compare-and-set, ended once.

`due_at`, `useful_until`, `created_at`, `ended_at` are business time; `not_before` and
`lease_until` are wall time.
"""

from app.db.actions.holding import RESTORED, Holding, released_after
from app.db.actions.performing import CLAIMABLE, Performing
from app.db.actions.planning import Planning
from app.db.actions.reading import Reading
from app.db.actions.reviving import REVIVABLE, Reviving
from app.db.actions.sweeps import (
    next_due,
    shops_with_due_actions,
    shops_with_expired_leases,
    shops_with_older_plans,
)

__all__ = [
    "CLAIMABLE",
    "RESTORED",
    "REVIVABLE",
    "Actions",
    "next_due",
    "released_after",
    "shops_with_due_actions",
    "shops_with_expired_leases",
    "shops_with_older_plans",
]


class Actions(Planning, Performing, Reading, Reviving, Holding):
    """Actions of one shop."""
