"""`python -m faults --minutes 5 --seed 1 --database sqlite`: a table, 1 on a finding."""

import argparse
import secrets
import signal
import sys

from app.cli.demo.stores import CannotConnectDemo
from faults.before import NoSuchCommit
from faults.plan import Pace
from faults.run import Options, Run
from faults.site import CannotStart
from faults.stage import NotReady


def main() -> None:
    """Read the command line, run, judge."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--before", default="", help="a commit that runs beside the present code")
    parser.add_argument("--keep", action="store_true", help="keep data, plan and logs")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped before the end."))
    seconds = given.minutes * 60
    options = Options(
        seconds=seconds,
        seed=secrets.randbelow(1_000_000) if given.seed is None else given.seed,
        database=given.database,
        pace=Pace(restore=max(45.0, min(600.0, seconds / 3)) if seconds >= 150 else 0),
        story_seconds=max(2.0, seconds / 900),
        before=given.before,
        keep=given.keep,
    )
    try:
        result = Run(options).play()
    except (CannotStart, NotReady, NoSuchCommit, CannotConnectDemo) as error:
        sys.exit(f"No verdict, because the stage could not be set: {error}")
    sys.exit(0 if result.verdict.good else 1)


if __name__ == "__main__":
    main()
