"""`afterglow check`: looks at everything that has to work, and says what does not.

Exits with 0 if all is well, else with 1. Nothing is changed and no mail is sent.
"""

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict

from app.bootstrap import build_deps
from app.cli.local import settings_here
from app.config import ConfigurationError
from app.db.health import OK, condition
from app.deps import Deps
from app.jobs.health import queue_state
from app.services import checkup
from app.services.checkup import Finding, Level
from app.services.checkup.installation import span

_WORDS = {Level.OK: "ok", Level.ATTENTION: "look", Level.BROKEN: "BAD"}


def run(options: argparse.Namespace) -> None:
    """Look, print as it goes, and end with the verdict."""
    found = []
    for finding in _everything():
        found.append(finding)
        if not options.json:
            _print(finding)
    good = all(finding.level is Level.OK for finding in found)
    if options.json:
        print(json.dumps({"ok": good, "findings": [asdict(each) for each in found]}, indent=2))
    else:
        wrong = [each for each in found if each.level is not Level.OK]
        print(f"\nAll is well: {len(found)} looked at." if good else f"\n{len(wrong)} to look at.")
    sys.stdout.flush()
    sys.exit(0 if good else 1)


def _everything() -> Iterator[Finding]:
    """What builds on something broken is not looked at."""
    try:
        settings = settings_here()
    except ConfigurationError as error:
        for mistake in error.mistakes:
            yield Finding.broken(
                "settings", mistake, "Nothing starts.", "docs/configuration.md describes each."
            )
        return
    yield Finding.ok("settings", f"{settings.environment}; nothing is missing.")
    deps = build_deps(settings)
    try:
        yield from checkup.check_database(deps)
        usable = condition(deps.db) == OK
        yield from _queue(deps)
        if usable:
            yield from checkup.check_secrets(deps)
            yield from checkup.check_clock(deps)
            yield from checkup.check_work(deps)
        yield from checkup.check_mail(deps)
        yield from checkup.check_public_url(deps)
        if usable:
            yield from checkup.check_shops(deps)
    finally:
        deps.db.engine.dispose()


def _queue(deps: Deps) -> Iterator[Finding]:
    state = queue_state(deps.settings.redis_url, deps.wall.now())
    if not state.answers:
        yield Finding.broken(
            "queue", f"Redis does not answer ({state.error}).",
            "Deliveries are stored, but nothing is done until it is back. Nothing is lost.",
            "Check REDIS_URL, and whether its server runs.",
        )  # fmt: skip
        return
    waiting = sum(state.waiting.values())
    if not state.workers:
        yield Finding.broken(
            "queue", f"Redis answers, but no worker listens; {waiting} jobs wait.",
            "Deliveries are stored, but nothing is done.", "Start one: afterglow worker",
        )  # fmt: skip
    else:
        sign = f", last sign {span(state.last_sign)} ago" if state.last_sign else ""
        workers = "1 worker listens" if state.workers == 1 else f"{state.workers} workers listen"
        yield Finding.ok("queue", f"Redis answers; {workers}{sign}; {waiting} jobs wait.")
    if state.failed:
        yield Finding.attention(
            "queue", f"{state.failed} jobs ended with an error within a day.",
            "They were tried again by the clock; rows in the database are the truth.",
            "Look for job.failed in the log.",
        )  # fmt: skip


def _print(finding: Finding) -> None:
    width = max(60, min(110, shutil.get_terminal_size().columns))
    head = f"{_WORDS[finding.level]:<5}{finding.area:<10}"
    for text in (finding.what, finding.consequence, finding.remedy):
        if text:
            print(textwrap.fill(text, width, initial_indent=head, subsequent_indent=" " * 15))
            head = " " * 15
    sys.stdout.flush()
