"""`afterglow rotate-keys`: everything that is stored sealed, sealed anew with the newest key."""

import argparse
import sys

from app.bootstrap import build_deps
from app.cli.local import settings_here
from app.db.rotation import Rotated, rotate

_DROPPING = """\
Nothing stored needs the old keys any more. Before you take them out of SECRET_KEYS:
- Every process must run with the new key in front: one that does not goes on sealing with an old
  one. When all do, run this once more; it must find nothing left to do.
- Links in mails are signed with these keys. Without the old one, links in mails sent before stop
  working: review links and those to return an order (valid for a year), links to the status of a
  return or a withdrawal, also in receipts (two years), and unsubscribe links (valid for ever; the
  law wants them to work). If the old key has not leaked, keep it behind the new one for two years.
- Backups made before today open with the old keys only. Keep those apart, as long as the backups.\
"""


def run(_options: argparse.Namespace) -> None:
    """Seal anew and say what that did. Exits with 1 if old keys are still needed."""
    settings = settings_here()
    if not settings.keys:
        sys.exit("SECRET_KEYS is empty, so nothing is sealed and nothing was changed.")
    deps = build_deps(settings)
    found: list[Rotated] = []
    try:
        print(
            f"{'stored':<34}{'sealed anew':>12}{'already new':>13}{'changed':>9}{'unreadable':>12}"
        )
        for each in rotate(deps.db):
            found.append(each)
            name = f"{each.table}.{each.column}"
            print(
                f"{name:<34}{each.resealed:>12}{each.current:>13}{each.changed:>9}"
                f"{each.unreadable:>12}"
            )
    finally:
        deps.db.engine.dispose()
    print()
    unreadable, changed = sum(e.unreadable for e in found), sum(e.changed for e in found)
    if unreadable:
        sys.exit(
            f"{unreadable} values open with none of the keys in SECRET_KEYS and were left as they "
            "are. Put the key that sealed them behind the new one and run this again."
        )
    if changed:
        sys.exit(
            f"{changed} values were rewritten by running processes meanwhile and were left to "
            "them. Run this again to see whether those had the new key."
        )
    if len(settings.keys) == 1:
        print("There is one key, and everything stored opens with it.")
    else:
        print(_DROPPING)
