"""Which of our languages somebody gets."""

from typing import Literal, get_args

Language = Literal["en", "tr", "sk"]

SUPPORTED: tuple[Language, ...] = get_args(Language)


def negotiate(accepted: str | None) -> Language:
    """Choose from an `Accept-Language` header or a platform's locale (`tr-TR`, `sk_SK`, `de-CH`).

    The most wanted language that we speak wins; English if there is none.
    """
    for tag in _by_preference(accepted or ""):
        primary = tag.replace("_", "-").partition("-")[0].lower()
        for language in SUPPORTED:
            if primary == language:
                return language
    return "en"


def _by_preference(accepted: str) -> list[str]:
    """Language tags, most wanted first; tags with `q=0` are refused ones and left out."""
    weighted = []
    for entry in accepted.split(","):
        tag, _, parameter = entry.partition(";")
        weight = _weight(parameter)
        if tag.strip() and weight > 0:
            weighted.append((weight, tag.strip()))
    # sorted() is stable: equal weights keep the order in which they were sent
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
