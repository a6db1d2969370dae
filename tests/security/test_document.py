"""docs/security.md against the code: every way in is in it, and every test that it names exists."""

import re
from collections import Counter

import pytest

from app.db.models import metadata
from scripts.doc_tables import ROOT
from tests.http.merchant_shop import MerchantShop

PAGE = (ROOT / "docs" / "security.md").read_text()
HEADING = re.compile(r"^### [^:\n]*: (.*)$", re.MULTILINE)


def families() -> list[str]:
    """Beginnings of addresses, as the headings under "Ways in" name them."""
    named = [name for line in HEADING.findall(PAGE) for name in re.findall(r"`([^`]+)`", line)]
    return [name.removesuffix("…").partition("<")[0] for name in named]


def written_tests() -> Counter[str]:
    found: Counter[str] = Counter()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found.update(re.findall(r"^\s*def (test_\w+)\(", path.read_text(), re.MULTILINE))
    return found


def belongs(address: str, family: str) -> bool:
    """A family that ends with a slash is all below it; another one is itself and all below."""
    below = family if family.endswith("/") else f"{family}/"
    return address == family or (family != "/" and address.startswith(below))


def test_every_route_is_in_a_family(shop: MerchantShop) -> None:
    named = families()
    assert len(named) > 15
    lost = [
        str(rule)
        for rule in shop.app.url_map.iter_rules()
        if not any(belongs(str(rule), family) for family in named)
    ]
    assert lost == []


def test_every_family_has_a_route(shop: MerchantShop) -> None:
    routes = [str(rule) for rule in shop.app.url_map.iter_rules()]
    in_front = {"/webhooks/"}  # answered before Flask
    idle = [
        family
        for family in families()
        if family not in in_front and not any(belongs(route, family) for route in routes)
    ]
    assert idle == []


def test_every_named_test_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = written_tests()
    assert len(named) > 80
    assert sorted(name for name in named if there[name] == 0) == []


def test_every_line_of_an_attack_names_its_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    first = PAGE.index("## Ways in")
    for row in rows:
        heads = row.startswith(("| attack", "| to |", "| where |"))
        if PAGE.index(row) > first and not heads:
            assert "`test_" in row, row


def test_every_test_of_this_folder_is_named() -> None:
    """A test that no line needs is a line that is missing."""
    about_themselves = {"test_their_own_bodies_do", "test_the_look_sees_what_it_looks_for"}
    here = {
        name
        for path in (ROOT / "tests" / "security").glob("test_*.py")
        if path.name != "test_document.py"
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert sorted(here - named - about_themselves) == []


@pytest.mark.parametrize("secret", ["credentials", "SECRET_KEYS", "SHOPIFY_CLIENT_SECRET"])
def test_what_is_worth_something_is_named(secret: str) -> None:
    assert f"`{secret}`" in PAGE
    assert "credentials" in metadata.tables
