"""`make bench`: every measurement in turn, one table."""

from bench import backtest, pages

MODULES = (backtest, pages)


def main() -> None:
    """Measure and print."""
    rows = [row for module in MODULES for row in module.run()]
    width = max(len(row.name) for row in rows)
    for row in rows:
        print(f"{row.name:<{width}}  {row.value:>10,.2f} {row.unit:<4}  {row.note}".rstrip())


if __name__ == "__main__":
    main()
