"""`afterglow`: one command line for merchants' data, operators and development."""

import argparse
import os
import sys
from collections.abc import Sequence

from app import clock, worker
from app.cli import backtest, backup, check, export, replay, rotate, run
from app.cli.demo import command as demo
from app.config import load_settings
from app.db.migrate import upgrade
from app.services.backtest import ASKED_AFTER, LIMIT


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and do it. Exits with 1 and one clear sentence on failure."""
    options = _parser().parse_args(arguments)
    options.do(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="afterglow", description="After-checkout care.")
    commands = parser.add_subparsers(required=True, metavar="command")

    everything = commands.add_parser("run", help="everything on this machine, one Ctrl-C stops it")
    everything.add_argument("--demo", action="store_true", help="with two demo stores")
    everything.add_argument(
        "--ports", nargs=3, type=int, metavar=("WEB", "SHOPIFY", "WOOCOMMERCE"), help="of the demo"
    )
    everything.add_argument(
        "--unconnected", action="store_true", help="leave connecting the demo stores to others"
    )
    everything.set_defaults(do=run.run)

    commands.add_parser("web", help="the web process").set_defaults(do=_web)
    commands.add_parser("worker", help="one worker").set_defaults(do=lambda _: worker.main())
    commands.add_parser("clock", help="the clock process").set_defaults(do=lambda _: clock.main())
    commands.add_parser("migrate", help="bring the database up to date").set_defaults(do=_migrate)

    checked = commands.add_parser("check", help="whether everything that has to work does")
    checked.add_argument("--json", action="store_true", help="for machines")
    checked.set_defaults(do=check.run)

    copied = commands.add_parser("backup", help="copy the SQLite database while everything runs")
    copied.add_argument("file", help="where to; must not exist")
    copied.set_defaults(do=backup.backup)
    put_back = commands.add_parser("restore", help="put such a copy back; everything is stopped")
    put_back.add_argument("file", help="a copy made by `afterglow backup`")
    put_back.set_defaults(do=backup.restore)
    commands.add_parser(
        "restored", help="say that the database was put back by other means"
    ).set_defaults(do=backup.restored)

    commands.add_parser(
        "rotate-keys", help="seal everything stored with the newest of SECRET_KEYS"
    ).set_defaults(do=rotate.run)

    exported = commands.add_parser("export", help="all data of one shop, or of all, as JSON")
    exported.add_argument("--shop", type=int, help="id of one shop")
    exported.add_argument("--list", action="store_true", help="list the shops and their ids")
    exported.set_defaults(do=export.run)

    dry = commands.add_parser("backtest", help="what changed rules for returns would have decided")
    dry.add_argument("--shop", type=int, help="id of the shop; `afterglow export --list` has it")
    dry.add_argument("--rules", help="JSON file: changed settings, or a list of rules")
    dry.add_argument("--since", help="only from this day on, as 2026-11-30")
    dry.add_argument("--after-days", type=int, default=ASKED_AFTER, help="days from arrival")
    dry.add_argument("--limit", type=int, default=LIMIT, help="how many returns and orders in all")
    dry.add_argument("--json", action="store_true", help="print it as JSON")
    dry.set_defaults(do=backtest.run)

    replayed = commands.add_parser("replay", help="post a recorded delivery, signed, to the app")
    replayed.add_argument("fixture")
    replayed.set_defaults(do=replay.run)

    played = commands.add_parser("demo", help="play the scenario on both twin stores and compare")
    played.add_argument("--once", action="store_true", required=True, help="play once and exit")
    played.add_argument("--json", action="store_true", help="print the end as JSON")
    played.add_argument("--keep", action="store_true", help="keep the data directory")
    played.set_defaults(do=demo.run)
    return parser


def _web(_options: argparse.Namespace) -> None:
    command = run.web_command(load_settings())
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own interpreter with our own arguments


def _migrate(_options: argparse.Namespace) -> None:
    upgrade(load_settings().database)
    print("The database is up to date.")
