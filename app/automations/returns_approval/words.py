"""What merchants call rules, and whatever else stands in a trace. Message ids."""

from app.automations.returns_approval.ruling import GOODS, OTHERWISE, STATUTORY
from app.automations.returns_approval.settings import kind_of
from app.i18n.translator import N_

TITLES = {
    "window": N_("Time to return"),
    "not_sent": N_("Gift cards, downloads and services"),
    "products": N_("Products"),
    "categories": N_("Categories"),
    "tags": N_("Tags"),
    "sale": N_("Sale items"),
    "discount": N_("Coupons"),
    "reasons": N_("Reasons"),
    "value": N_("Value of the items"),
    "returns": N_("Earlier returns"),
    "share": N_("Orders with returns"),
    "country": N_("Countries"),
    STATUTORY: N_("Statutory withdrawal period"),
    GOODS: N_("Order and goods"),
    OTHERWISE: N_("If no rule fits"),
    "off": N_("Rules that are switched off"),
}
_NEWER = N_("A rule of a newer release")


def title_of(name: str) -> str:
    """What a merchant calls the rule of this name in a trace: tags-2 is about tags, too."""
    return TITLES.get(kind_of(name), _NEWER)
