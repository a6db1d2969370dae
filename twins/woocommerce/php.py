"""The few PHP habits that show on the wire: JSON escapes, array parameters, loose types."""

import json
import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
CENT = Decimal("0.01")


def json_encode(value: Any) -> str:
    r"""Encode like PHP's json_encode: `\/`, `\uXXXX`, no blanks."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def parse_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parse a query like PHP: `a[]=1`, `a[k]=1`; of equal plain names the last one wins."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        match = _KEY.fullmatch(name)
        if match is None:
            result[name] = value
            continue
        keys = re.findall(r"\[([^\[\]]*)\]", match[2])
        if not keys:
            result[match[1]] = value
            continue
        container = result.get(match[1])
        if not isinstance(container, dict):
            container = {}
            result[match[1]] = container
        container[keys[0] or str(len(container))] = value
    return {name: _as_list(value) for name, value in result.items()}


def _as_list(value: Any) -> Any:
    if isinstance(value, dict) and list(value) == [str(n) for n in range(len(value))]:
        return list(value.values())
    return value


def decimal(value: Any) -> Decimal:
    """Read a number as WooCommerce's `wc_format_decimal` would; rubbish counts as zero."""
    try:
        return Decimal(re.sub(r"[^0-9.\-]", "", str(value)) or "0")
    except InvalidOperation:
        return Decimal(0)


def money(value: Decimal | str | float) -> str:
    """Return an amount with two decimals, the way the REST API prints it."""
    return str(decimal(value).quantize(CENT, ROUND_HALF_UP))


def number(value: Decimal) -> int | float:
    """Return a JSON number as PHP prints a float: 22, not 22.0."""
    return int(value) if value == value.to_integral_value() else float(value)


def specialchars_decode(text: str) -> str:
    """Decode what `wp_specialchars_decode(…, ENT_QUOTES)` decodes, once."""
    names = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

    def character(match: re.Match[str]) -> str:
        if match[1]:
            return names[match[1]]
        return chr(int(match[3], 16) if match[3] else int(match[2]))

    pattern = r"&(?:(lt|gt|amp|quot)|#(0(?:34|38|39|60|62))|#x(22|26|27|3[ceCE]));"
    return re.sub(pattern, character, text)


def autop(text: str) -> str:
    """Wrap text in paragraphs as `wpautop` does for plain text."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.strip())]
    return "".join("<p>{}</p>\n".format(b.replace("\n", "<br />\n")) for b in blocks if b)


def slug(text: str) -> str:
    """Return an ASCII slug for a permalink."""
    folded = text.lower().translate(
        str.maketrans("áäčďéíĺľňóôŕšťúýžçğıöşü", "aacdeillnoorstuyzcgiosu")
    )
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
