"""Charts tell the truth: bars begin at zero, intervals keep their side of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.embedded_ui.charts import Point, bars, interval, scale_of

counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=60)


@given(counts)
def test_heights_are_in_the_ratio_of_the_values_and_stand_on_the_line(values: list[int]) -> None:
    chart = bars([Point(str(n), value) for n, value in enumerate(values)])
    highest = max(values) or 1
    for bar in chart.bars:
        assert bar.height == pytest.approx(bar.value / highest * 64, abs=0.06)
        assert bar.y + bar.height == pytest.approx(chart.base)
        assert bar.x >= 0
        assert bar.x + bar.width <= chart.width
        assert bar.top >= 10  # the figure over the highest bar is inside


def test_nothing_at_all_is_a_line_without_bars() -> None:
    assert bars([]).bars == ()
    chart = bars([Point("Mon", 0), Point("Tue", 0)])
    assert [bar.height for bar in chart.bars] == [0, 0]
    assert not chart.compares


def test_before_and_after_share_one_scale() -> None:
    chart = bars([Point("Approved", 10, before=40), Point("Declined", 30, before=0)])
    approved, declined = chart.bars
    assert chart.compares
    assert approved.before_height == 64
    assert approved.height == 16
    assert declined.height == 48
    assert approved.top == approved.before_y - 4


def test_words_that_would_run_into_each_other_are_left_out_of_the_picture() -> None:
    few = bars([Point("Mon", 1) for _ in range(7)])
    many = bars([Point("23 November", 1) for _ in range(28)])
    assert all(bar.named for bar in few.bars)
    shown = [n for n, bar in enumerate(many.bars) if bar.named]
    assert shown[0] == 0
    assert all((b - a) * many.width / 28 >= 11 * 7 for a, b in pairwise(shown))


def test_a_count_below_zero_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not negative"):
        bars([Point("Mon", -1)])


def test_an_interval_that_holds_zero_is_not_clear() -> None:
    scale = scale_of([(1.9, 12.1), (-5.1, 7.1)])
    assert scale == (-5.1, 12.1)
    clear, unclear = interval(1.9, 7, 12.1, scale), interval(-5.1, 1, 7.1, scale)
    assert clear.clear
    assert clear.zero < clear.low < clear.value < clear.high
    assert not unclear.clear
    assert unclear.low < unclear.zero < unclear.high
    assert clear.zero == unclear.zero


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50), st.floats(-50, 50))
def test_an_interval_stays_inside_its_picture(a: float, b: float, c: float, d: float) -> None:
    low, value, high = sorted((a, b, c))
    drawn = interval(low, value, high, (min(d, 0), max(d, 0)))
    assert 0 < drawn.low <= drawn.value <= drawn.high < drawn.width


def test_a_value_outside_its_range_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="inside"):
        interval(1, 0, 2, (0, 2))
