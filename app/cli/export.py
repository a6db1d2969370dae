"""`afterglow export`: everything that a shop would take along, as JSON on stdout."""

import argparse
import sys
from contextlib import closing

from app.bootstrap import build_deps
from app.cli.demo.environment import use_if_unconfigured
from app.config import load_settings
from app.db.shops import Shop, Shops, ShopState
from app.services.export import ShopFile


def run(options: argparse.Namespace) -> None:
    """Print one shop, or all, or the list of shops."""
    use_if_unconfigured()
    deps = build_deps(load_settings())
    with deps.db.read() as uow:
        shops = Shops(uow).in_state(*(state for state in ShopState if state != ShopState.ERASED))
    if options.list:
        for shop in shops:
            print(_line(shop))
        return
    wanted = [shop.id for shop in shops if options.shop in (None, shop.id)]
    if options.shop and not wanted:
        sys.exit(f"There is no shop {options.shop}. `afterglow export --list` names them all.")
    with closing(ShopFile(deps, wanted, deps.settings.data_dir)) as file:
        for part in file:
            sys.stdout.buffer.write(part)


def _line(shop: Shop) -> str:
    return f"{shop.id:>6}  {shop.platform:<12} {shop.state:<13} {shop.domain}  {shop.name}".rstrip()
