"""`python -m twins.shopify`: the twin alone, until Ctrl-C."""

import argparse
import sys
from contextlib import suppress

from twins.shopify.config import Limits
from twins.shopify.server import DEFAULT_SHOP, start


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="twins.shopify", description=__doc__)
    parser.add_argument("--port", type=int, default=9201)
    parser.add_argument("--state", default=":memory:", help="SQLite file that keeps the shops")
    parser.add_argument("--app-url", default="http://127.0.0.1:8000")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--seed", choices=["demo"], help="fill a new state")
    parser.add_argument(
        "--retry-scale",
        type=float,
        default=1.0,
        help="factor on the four hours over which webhooks are retried",
    )
    options = parser.parse_args()
    running = start(
        options.port,
        app_url=options.app_url,
        client_id=options.client_id,
        client_secret=options.client_secret,
        state=options.state,
        seed=options.seed,
        limits=Limits(retry_scale=options.retry_scale),
    )
    sys.stdout.write(f"Shopify twin: {running.url}/store/{DEFAULT_SHOP}/\n")
    sys.stdout.flush()
    with running, suppress(KeyboardInterrupt):
        running.wait()


if __name__ == "__main__":
    main()
