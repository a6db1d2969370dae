"""The dry run of changed rules over 10,000 past events."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from app.automations.returns_approval import ReturnsApprovalSettings
from app.bootstrap import build_deps
from app.config import Settings
from app.db.migrate import upgrade
from app.services.backtest import backtest
from bench.past import fill
from bench.rows import Row, at_most

ORDERS, RETURNS = 8_000, 2_000
LIMIT_SECONDS = 2


def _changed(present: ReturnsApprovalSettings) -> ReturnsApprovalSettings:
    """As a merchant would: half the time to return, half the value, the rest as it was."""
    values = present.model_dump(mode="json")
    for rule in values["rules"]:
        match rule["kind"]:
            case "window":
                rule["days"] = 14
            case "value":
                rule["amount"] = 50
    return ReturnsApprovalSettings.model_validate(values)


def run() -> list[Row]:
    """Seconds from the call to the answer, on SQLite, reading included."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            environment="development",
            data_dir=Path(folder),
            database_url=f"sqlite:///{folder}/bench.db",
            secret_keys="bench-secret-0123456789-0123456789-0123456789",
        )
        upgrade(settings.database)
        deps = build_deps(settings)
        shop_id = fill(deps.db, ORDERS, RETURNS)
        other = _changed(ReturnsApprovalSettings())
        began, busy = time.perf_counter(), time.process_time()
        found = backtest(deps, shop_id, other)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        deps.db.engine.dispose()
    note = f"{found.total:,} past events, {found.changed:,} of them decided differently"
    return [
        Row("dry run of changed rules", seconds, "s", note, target=at_most(LIMIT_SECONDS)),
        Row("dry run, time of the processor", busy, "s", "without waiting for others"),
    ]
