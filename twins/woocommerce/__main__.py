"""`python -m twins.woocommerce --port 9202 --state var/woo.sqlite3 --seed demo`."""

import argparse
import contextlib
import sys

from twins.woocommerce import start


def main() -> None:
    """Run one store until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m twins.woocommerce", description=__doc__)
    parser.add_argument("--port", type=int, default=9202)
    parser.add_argument("--state", default=":memory:", help="SQLite file; default: memory only")
    parser.add_argument("--seed", choices=["demo"], help="stock an empty store")
    parser.add_argument("--queue-delay", type=float, default=1.0, help="seconds")
    parser.add_argument(
        "--allow-http-callback", action="store_true", help="wc-auth may call http on loopback"
    )
    parser.add_argument("--plugin", action="store_true", help="with the Afterglow plugin activated")
    options = parser.parse_args()
    twin = start(
        port=options.port,
        state=options.state,
        demo=options.seed == "demo",
        queue_delay=options.queue_delay,
        allow_http_callback=options.allow_http_callback,
        plugin=options.plugin,
    )
    sys.stdout.write(f"WooCommerce twin at {twin.url}, control page {twin.url}/_twin/\n")
    sys.stdout.flush()
    with twin, contextlib.suppress(KeyboardInterrupt):
        twin.wait()


if __name__ == "__main__":
    main()
