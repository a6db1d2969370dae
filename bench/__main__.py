"""`make bench`: every measurement in turn, one table."""

import logging

import structlog

from bench import backtest, pages

MODULES = (backtest, pages)


def main() -> None:
    """Measure and print; a line per request would drown the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rows = [row for module in MODULES for row in module.run()]
    width = max(len(row.name) for row in rows)
    for row in rows:
        print(f"{row.name:<{width}}  {row.value:>10,.2f} {row.unit:<4}  {row.note}".rstrip())


if __name__ == "__main__":
    main()
