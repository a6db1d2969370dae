"""A shop's colour stays legible, whatever the merchant chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.colour import AA, ColourError, contrast, parse, shop_colours

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
LIGHT_INK, DARK_INK = "#1b1d20", "#e9eaeb"  # --ink of the two themes


@pytest.mark.parametrize(
    ("written", "colour"),
    [("#8A2F3C", "#8a2f3c"), ("8a2f3c", "#8a2f3c"), (" #abc ", "#aabbcc")],
)
def test_the_usual_ways_to_write_a_colour(written: str, colour: str) -> None:
    assert parse(written) == colour


@pytest.mark.parametrize("written", ["", "red", "#12", "#1234567", "#12345g", "}body{", "#abc;"])
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(ColourError, match="Write it like"):
        parse(written)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == pytest.approx(1)


def test_a_legible_colour_is_left_alone() -> None:
    colours = shop_colours("#8a2f3c")
    assert colours.light.shop == "#8a2f3c"
    assert colours.light.on == "#ffffff"
    assert not colours.adjusted


def test_a_pale_colour_is_darkened_and_the_merchant_can_be_told() -> None:
    colours = shop_colours("#ffd400")
    assert colours.adjusted
    assert contrast(colours.light.shop, "#ffffff") >= AA


@given(COLOURS)
def test_every_colour_becomes_legible_in_both_themes(colour: str) -> None:
    colours = shop_colours(colour)
    for palette, grounds, ink in (
        (colours.light, ("#ffffff", "#faf7f3"), LIGHT_INK),
        (colours.dark, ("#171515", "#1e1b1b", "#231f1f"), DARK_INK),
    ):
        for ground in (*grounds, palette.soft):
            assert contrast(palette.shop, ground) >= AA
            assert contrast(palette.strong, ground) >= AA
        assert contrast(palette.on, palette.shop) >= AA
        assert contrast(palette.on, palette.strong) >= AA
        assert contrast(ink, palette.soft) >= AA
