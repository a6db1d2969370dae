"""`afterglow backtest`: what changed rules for returns would have decided in the past."""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.automations.registry import RETURNS
from app.automations.returns_approval import ReturnsApprovalSettings
from app.bootstrap import build_deps
from app.cli.backtest_entries import mistakes
from app.cli.demo.environment import use_if_unconfigured
from app.config import load_settings
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.ids import ShopId
from app.domain.reasons import Reason
from app.embedded_ui.settings_form import error_words
from app.i18n import Translator
from app.i18n.reasons import explain
from app.services import switching
from app.services.backtest import Backtest, Change, Turn, backtest, present_settings

_WORDS = {"approve": "approve", "decline": "decline", "hold": "left to you"}
_HONESTLY = (
    "Past orders count as asked back whole, {days} days after they arrived or should have. Prices, "
    "categories and tags are today’s; parcels, refunds and other returns are those of the day."
)


def run(options: argparse.Namespace) -> None:
    """Print how many would be decided differently, with examples."""
    if options.shop is None:
        sys.exit("Say which shop: --shop ID. `afterglow export --list` names them all.")
    use_if_unconfigured()
    deps = build_deps(load_settings())
    shop, present = _shop(deps, ShopId(options.shop))
    found = backtest(
        deps,
        shop.id,
        _changed(present, options.rules),
        limit=options.limit,
        since=_since(options.since),
        asked_after=options.after_days,
    )
    tell = Teller(shop)
    if options.json:
        print(json.dumps(tell.document(found), ensure_ascii=False, indent=2))
    else:
        print(tell.text(found, options.after_days))


def _shop(deps: Deps, shop_id: ShopId) -> tuple[Shop, ReturnsApprovalSettings]:
    with deps.db.read() as uow:
        try:
            shop = Shops(uow).get(shop_id)
        except LookupError:
            sys.exit(f"There is no shop {shop_id}. `afterglow export --list` names them all.")
        return shop, present_settings(ShopData(uow, shop_id))


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        sys.exit(f"{text!r} is no date. Write it as 2026-11-30.")


def _changed(present: ReturnsApprovalSettings, path: str | None) -> ReturnsApprovalSettings:
    """The present settings with what the file says instead; without a file, as they are."""
    if path is None:
        return present
    try:
        values = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"{path} cannot be read as JSON: {error}")
    values = {"rules": values} if isinstance(values, list) else values
    if not isinstance(values, Mapping):
        sys.exit(f"{path} has to hold settings ({{…}}) or a list of rules ([…]).")
    wrong = list(mistakes(values))
    if wrong:
        lines = "\n".join(f"  {line}" for line in wrong)
        sys.exit(f"{path} cannot be used; nothing was decided:\n{lines}")
    changed = switching.check(RETURNS.key, present, values)
    if not isinstance(changed, ReturnsApprovalSettings):  # too many, or what does not go together
        said = " ".join(error_words(changed, Translator("en")).values())  # type: ignore[arg-type]
        sys.exit(f"{path} cannot be used; nothing was decided: {said}")
    return changed


class Teller:
    """A dry run in words and as a document."""

    def __init__(self, shop: Shop) -> None:
        self._zone = ZoneInfo(shop.timezone)
        self._words = Translator("en")

    def document(self, found: Backtest) -> dict[str, Any]:
        """For programs."""
        return {
            "total": found.total,
            "changed": found.changed,
            "left_out": found.left_out,
            "returns": _matrix(found.returns),
            "orders": _matrix(found.orders),
            "happened": _matrix(found.happened),
            "examples": [
                {
                    "name": change.name,
                    "order_id": change.order_id,
                    "of": "return" if change.is_return else "order",
                    "before": change.before,
                    "after": change.after,
                    "was": self._explained(change.was),
                    "because": self._explained(change.because),
                }
                for change in found.examples
            ],
        }

    def text(self, found: Backtest, days: int) -> str:
        """For people."""
        returns, orders = sum(found.returns.values()), sum(found.orders.values())
        of = f"({returns:,} past returns, {orders:,} past orders)"
        lines = [
            f"{found.changed:,} of {found.total:,} would be decided differently {of}.",
            *_table("Past returns", found.returns),
            *_table("Past orders", found.orders),
            *_table("Past returns, by how they came out", found.happened),
        ]
        if found.examples:
            lines += ["", "Examples", *(f"  {self._example(change)}" for change in found.examples)]
        if found.left_out:
            lines += ["", f"{found.left_out:,} orders were left out: nothing was sent yet."]
        return "\n".join([*lines, "", _HONESTLY.format(days=days)])

    def _example(self, change: Change) -> str:
        turn = f"{_WORDS[change.before]} → {_WORDS[change.after]}"
        return f"{change.name}: {turn}: {self._explained(change.because)}"

    def _explained(self, reason: Reason) -> str:
        return explain(reason, self._words, self._zone)


def _matrix(turns: Mapping[Turn, int]) -> dict[str, int]:
    return {f"{before}→{after}": turns[before, after] for before, after in sorted(turns)}


def _table(title: str, turns: Mapping[Turn, int]) -> list[str]:
    if not turns:
        return []
    rows = [
        f"  {_WORDS[before]:<11} → {_WORDS[after]:<11} {count:>8,}"
        for (before, after), count in sorted(turns.items(), key=lambda item: -item[1])
    ]
    return ["", title, *rows]
