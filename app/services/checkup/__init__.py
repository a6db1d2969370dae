"""What `afterglow check` looks at: each part says what it found, what follows, what to do."""

from app.services.checkup.finding import Finding, Level
from app.services.checkup.installation import (
    check_clock,
    check_database,
    check_mail,
    check_public_url,
    check_secrets,
    check_work,
)
from app.services.checkup.shops import check_shops

__all__ = [
    "Finding",
    "Level",
    "check_clock",
    "check_database",
    "check_mail",
    "check_public_url",
    "check_secrets",
    "check_shops",
    "check_work",
]
