"""JSON bodies and plain bytes made a little wrong, by choices of a `Dice`."""

import copy
import json
from typing import Any

from tests.fuzz.dice import Dice

MARK = "Zq7PersonalMark"  # stands in values only: no error may repeat it

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 2**31, 2**53 + 1, 2**63, 10**30, 10**400, -(2**63), 0.5, 1e308,
    float("inf"), float("nan"), "", " ", "0", "-1", "1", "1e999", "-1e-999", "NaN", "9" * 5000,
    "٣", "1_000", "0x1f", "\ud83d", "\0", "a\0b", "İ", "ß", "\u202e", MARK, f"{MARK}@example.com",
    "eur", "EUR", "JPY", "KWD", "XXXX", "ÄÖÜ", "sk-SK", "x" * 70, "ab" * 300,
    "2026-11-20T09:00:00", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00+99:99", "2026-02-30",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-W47-5T10", "20261120T090000Z",
    "gid://shopify/Order/1", "gid://shopify/Order/" + "9" * 30, "gid://shopify/Order/1?x=y",
    "[]", "{}", [], {}, [[]], [None], [{}], {"": ""}, {"id": None}, {"nodes": None}, {"nodes": [1]},
    {"amount": "1e400", "currencyCode": "EUR"}, "<script>", "javascript:alert(1)",
)  # fmt: skip


def mutated_json(dice: Dice, body: Any) -> bytes:
    """A body with up to eight places changed, written as JSON in one of its spellings."""
    tree = [copy.deepcopy(body)]
    for _ in range(dice.below(9)):
        _change(dice, tree)
    value = tree[0] if tree else None
    if dice.below(32) == 31:
        value = _deep(value, 50 + 50 * dice.below(60))
    return _spelled(dice, value)


def mutated_bytes(dice: Dice, data: bytes) -> bytes:
    """Bytes with up to four places changed."""
    for _ in range(dice.below(5)):
        at = dice.below(len(data) + 1)
        match dice.below(4):
            case 0:
                data = data[:at] + dice.some(1) + data[at:]
            case 1:
                data = data[:at] + data[at + 1 :]
            case 2:
                data = data[:at] + dice.some(1) + data[at + 1 :]
            case _:
                data = data[:at] + data[: dice.below(64)] + data[at:]
    return data


def _change(dice: Dice, tree: list[Any]) -> None:
    places = _places(tree)
    if not places:
        return
    holder, key = dice.pick(places)
    other, other_key = dice.pick(places)
    match dice.below(8):
        case 0 | 1 | 2:
            holder[key] = copy.deepcopy(dice.pick(ODD))
        case 3:
            del holder[key]
        case 4:
            holder[key] = copy.deepcopy(other[other_key])
        case 5:
            holder[key] = [copy.deepcopy(holder[key]) for _ in range(dice.below(4))]
        case 6:
            holder[key] = dice.text()
        case _:
            if isinstance(holder, dict) and isinstance(other_key, str):
                holder[other_key] = holder.pop(key)


def _places(tree: list[Any]) -> list[tuple[Any, Any]]:
    """Every value's holder and key, outermost first."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [tree]
    while waiting:
        holder = waiting.pop(0)
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def _deep(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return {"id": value, "value": value}


def _spelled(dice: Dice, value: Any) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=dice.below(2) == 0)
    except RecursionError:
        text = "[" * 100_000
    if dice.below(16) == 15 and text.startswith("{"):  # the same key twice
        text = f'{{"id": 7, "customer": [], {text[1:]}'
    return text.encode("utf-8", "surrogatepass")
