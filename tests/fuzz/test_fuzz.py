"""Each target, bounded: what broke it once, hypothesis, and the coverage-guided fuzzer."""

import os
import platform
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import command
from tests.fuzz.targets import SELF_TESTS, TARGETS, Target

SECONDS = 3  # each; the longer run is `make fuzz`
# Without the guided fuzzer the same targets get more inputs of this kind.
GUIDED = find_spec("atheris") is not None
EXAMPLES = 60 if GUIDED else 400
HAS_WHEEL = (
    sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 14)
)

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


def test_the_fuzzer_is_there_wherever_it_exists() -> None:
    assert GUIDED or not HAS_WHEEL


@every_target
def test_examples_and_what_broke_it_once(target: Target) -> None:
    for data in (*target.seeds, *(path.read_bytes() for path in target.findings())):
        target.run(data)


@every_target
@pytest.mark.timeout(300)
def test_any_choices(target: Target) -> None:
    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.sampled_from(target.seeds), st.binary(max_size=400))
    def hold(seed: bytes, more: bytes) -> None:
        target.run(seed + more)

    hold()


@pytest.mark.skipif(not GUIDED, reason="no wheel of atheris: hypothesis has more examples instead")
@pytest.mark.timeout(400)
def test_a_guided_search_finds_nothing_but_what_is_there(tmp_path: Path) -> None:
    """The last target is broken on purpose: a search that cannot fail would prove nothing."""
    seed = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().randrange(1, 2**31))
    findings = tmp_path / "findings"
    done = subprocess.run(
        command([*TARGETS, *SELF_TESTS], SECONDS, seed, tmp_path / "corpus", findings),
        cwd=Path(__file__).parents[2], capture_output=True, text=True, errors="replace",
        check=False, timeout=390,
    )  # fmt: skip
    said = dict(
        line.split() for line in done.stdout.splitlines() if line.endswith((" held", " broken"))
    )
    kept = {path: path.read_bytes() for path in findings.glob("*/*")}
    wanted = {**dict.fromkeys(TARGETS, "held"), **dict.fromkeys(SELF_TESTS, "broken")}
    assert said == wanted, f"FUZZ_SEED={seed} {kept}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert list(findings.glob("links_unguarded/crash-*"))
    assert done.stderr.count("number_of_executed_units") == len(wanted)
