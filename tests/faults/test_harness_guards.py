"""A harness that cannot fail proves nothing: with a guard broken on purpose its verdict is bad.

The guards are broken in the harness's own entry modules (`faults/entry/broken.py`), never in
`app/`.
"""

import pytest

from faults.findings import DOUBLED
from faults.plan import Event, Pace
from faults.run import Options, Run

NO_FAULTS = Pace(kill=10_000, weather=10_000, nap=10_000)


def _doubled(options: Options) -> list[str]:
    verdict = Run(options).play().verdict
    assert not verdict.good
    return [text for kind, text in verdict.findings if kind == DOUBLED]


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("harness")
def test_a_claim_without_compare_and_set_is_found_out() -> None:
    """Two workers, a slow mail server, and a queue that forgets whose turn it is: both send."""
    options = Options(
        seconds=200,
        seed=1,
        day_seconds=2,
        story_seconds=4,
        pace=NO_FAULTS,
        extra=tuple(Event(at, "redis is flushed", {"lasts": 0}) for at in range(8, 200, 4)),
        broken="claim",
        mail_seconds=1.5,
        stories=("sent_only",),
        until_doubled=True,
    )
    assert any("review_request_mail" in text for text in _doubled(options))


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("harness")
def test_an_effect_without_look_up_is_found_out() -> None:
    """A worker dies between the act and its record; whoever comes next does not look."""
    options = Options(
        seconds=200,
        seed=1,
        day_seconds=2,
        story_seconds=4,
        pace=Pace(kill=10_000, weather=10_000, nap=30),
        broken="lookup",
        fuse="review_request_mail:4",
        stories=("sent_only",),
        until_doubled=True,
    )
    assert any("review_request_mail" in text for text in _doubled(options))
