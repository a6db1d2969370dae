"""Targets under the coverage-guided fuzzer: `python -m tests.fuzz.guided TARGET … --seconds N`.

The code is instrumented once; each target has a process of its own, because libFuzzer ends it. One
line says how each ended; an input that broke something is written into the folder of findings.
"""

import argparse
import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["app", "liquid"], enable_loader_override=False):
    from tests.fuzz.targets import SELF_TESTS, TARGETS, Target

LONGEST = 1024  # bytes; an input holds choices, not whole bodies
MEMORY = 1500  # MB
PATIENCE = 25  # seconds for one input; the targets themselves have less


def main() -> None:
    """Fuzz each until its time is over or it breaks; exits 1 if one did."""
    known = {**TARGETS, **SELF_TESTS}
    parser = argparse.ArgumentParser()
    parser.add_argument("targets", nargs="+", choices=known)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--findings", type=Path, required=True)
    given = parser.parse_args()
    broken = 0
    for name in given.targets:
        corpus, findings = given.corpus / name, given.findings / name
        if (child := os.fork()) == 0:
            _fuzz(known[name], given.seconds, given.seed, corpus, findings)
        _, status = os.waitpid(child, 0)
        broken += status != 0
        print(f"{name} {'broken' if status else 'held'}", flush=True)
    sys.exit(1 if broken else 0)


def _fuzz(target: Target, seconds: int, seed: int, corpus: Path, findings: Path) -> None:
    """Never returns: libFuzzer ends the process."""
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(example)
    atheris.Setup(
        [
            sys.argv[0], f"-max_total_time={seconds}", f"-seed={seed}",
            f"-max_len={LONGEST}", "-len_control=0", f"-rss_limit_mb={MEMORY}",
            f"-timeout={PATIENCE}", f"-artifact_prefix={findings}/",
            "-print_final_stats=1", "-verbosity=1", str(corpus),
        ],
        target.run,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
