"""`make bench`: every measurement in turn, one table, and the same as JSON.

python -m bench [module …] [--json PATH]
"""

import argparse
import logging
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from time import monotonic

import structlog

from bench.rows import Row, table, write_json

# In this order. Each is bench/<name>.py with run() -> list[Row], bounded in time by itself.
MODULES = (
    "backtest",
    "pages",
    "receiving",
    "interpreting",
    "draining",
    "performing",
    "latency",
    "cost",
)


def main() -> None:
    """Measure, print, keep. One that fails takes nothing from the others, but fails the whole."""
    options = _options()
    # Told to end, what was started is ended, too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    # A line per request would drown the table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    load_before = os.getloadavg()[0]
    measured: dict[str, list[Row]] = {}
    failed: list[str] = []
    for name in options.modules or MODULES:
        print(f"{name} …", file=sys.stderr, flush=True)
        began = monotonic()
        try:
            measured[name] = import_module(f"bench.{name}").run()
        except Exception:  # noqa: BLE001 - shown in full
            failed.append(name)
            traceback.print_exc()
        print(f"{name}: {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print("\n".join(table([row for rows in measured.values() for row in rows])))
    print(f"{os.cpu_count()} cores; load before: {load_before:.1f}; kept in {options.json}")
    write_json(options.json, measured, load_before, failed)
    if failed:
        sys.exit(f"Not measured, see above: {', '.join(failed)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What has to be fast, measured."
    )
    parser.add_argument("modules", nargs="*", metavar="module", help=", ".join(MODULES))
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"), metavar="PATH")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(MODULES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose from {', '.join(MODULES)}")
    return options


if __name__ == "__main__":
    main()
