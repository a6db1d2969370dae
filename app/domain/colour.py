"""A shop's colour made legible: contrast by WCAG 2.2, and the colours that customer pages use.

Colours are sRGB as `#rrggbb`. Sources: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio and
#dfn-relative-luminance.
"""

import re
from dataclasses import dataclass

AA = 4.5  # contrast that WCAG 2.2 AA asks of text

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_STEPS = 100  # shades tried between a colour and black or white

# The grounds in `kit.css` on which a shop's colour stands: the page, and a field or panel.
_LIGHT_GROUNDS = ("#ffffff", "#faf7f3")
_DARK_GROUNDS = ("#171515", "#1e1b1b", "#231f1f")
_DARK_INK = "#171515"


class ColourError(ValueError):
    """A text that is no colour."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The four colours of one theme; `shop` passes AA on every ground, `on` passes on `shop`."""

    shop: str  # links, the one primary action, focus
    strong: str  # the same under the pointer
    soft: str  # a quiet ground for notes; text and `shop` pass on it
    on: str  # text on `shop` and `strong`


@dataclass(frozen=True, slots=True)
class ShopColours:
    """What customer pages and mails use, and whether the merchant's colour had to give way."""

    light: Palette
    dark: Palette
    adjusted: bool  # in the light theme; the merchant is told


def parse(colour: str) -> str:
    """`#rrggbb` in lower case from `#abc`, `abcdef` and the like. Raises ColourError."""
    match = _HEX.fullmatch(colour.strip())
    if not match:
        raise ColourError(f"{colour!r} is not a colour. Write it like #0b5a75.")
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours: 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def shop_colours(colour: str) -> ShopColours:
    """The palettes of a merchant's colour. Raises ColourError if it is no colour."""
    wanted = parse(colour)
    light = _palette(wanted, _LIGHT_GROUNDS, towards="#000000", soften=0.92)
    dark = _palette(wanted, _DARK_GROUNDS, towards="#ffffff", soften=0.82)
    return ShopColours(light, dark, adjusted=light.shop != wanted)


def _palette(wanted: str, grounds: tuple[str, ...], *, towards: str, soften: float) -> Palette:
    # The shop's colour also stands on its own soft ground, so that ground must pass as well;
    # it is mixed from the wanted colour and therefore does not move while `shop` is sought.
    soft = _mix(wanted, grounds[0], soften)
    shop = _first_legible(wanted, (*grounds, soft), towards)
    strong = _mix(shop, towards, 0.25)
    on = next(ink for ink in ("#ffffff", _DARK_INK) if contrast(ink, shop) >= AA)
    return Palette(shop, strong, soft, on)


def _first_legible(colour: str, grounds: tuple[str, ...], towards: str) -> str:
    """The nearest shade on the way to black or white that passes AA on all grounds."""
    for step in range(_STEPS + 1):
        shade = _mix(colour, towards, step / _STEPS)
        if all(contrast(shade, ground) >= AA for ground in grounds):
            return shade
    return towards


def _mix(colour: str, other: str, share: float) -> str:
    """A colour with a share (0 to 1) of another mixed in."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        value = channel / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in _channels(colour))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
