"""`make fuzz MINUTES=10`: every target under the fuzzer in turn, or one: `make fuzz TARGET=links`.
Then the routes for machines under schemathesis, as long as each of them: `TARGET=machines`.

What it has learned stays in var/fuzz and is gone on with next time. An input that broke something
is kept in tests/fuzz/findings, where the tests run it again; commit it with the repair.
"""

import argparse
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.targets import FINDINGS, TARGETS

LEARNED = Path("var") / "fuzz"
MACHINES = "machines"


def main() -> None:
    """Run them; exits 1 if something broke."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--minutes", type=float, default=10, help="for all of them together")
    parser.add_argument("--target", choices=(*TARGETS, MACHINES))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 2**31))
    given = parser.parse_args()
    names = [given.target] if given.target else [*TARGETS, MACHINES]
    guided = [name for name in names if name != MACHINES]
    if guided and find_spec("atheris") is None:
        sys.exit(
            "The coverage-guided fuzzer exists for Linux on x86_64 and Python 3.11 to 3.13 only."
            " `make test FILES=tests/fuzz` runs the same targets under hypothesis."
        )
    seconds = max(1, round(given.minutes * 60 / len(names)))
    print(f"{seconds} s a target, seed {given.seed}", flush=True)
    broken = 0
    if guided:
        asked = command(guided, seconds, given.seed, LEARNED, FINDINGS)
        broken |= subprocess.run(asked, check=False).returncode
    if MACHINES in names:
        more = {"FUZZ_SEED": str(given.seed), "FUZZ_SECONDS": str(seconds)}
        broken |= subprocess.run(machines(), env=os.environ | more, check=False).returncode
    sys.exit(broken)


def machines() -> list[str]:
    """The test of the routes for machines, which reads seed and seconds from its environment."""
    return [
        sys.executable, "-m", "pytest", "-n0", "-o", "timeout=0",
        "tests/security/test_machines.py",
    ]  # fmt: skip


def command(
    names: Sequence[str], seconds: int, seed: int, corpus: Path, findings: Path
) -> list[str]:
    """The fuzzer's own process for these targets."""
    return [
        sys.executable, "-m", "tests.fuzz.guided", *names, "--seconds", str(seconds),
        "--seed", str(seed), "--corpus", str(corpus), "--findings", str(findings),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
