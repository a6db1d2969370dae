"""Names are found as people type them."""

import pytest

from app.services.lookup import folded


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Ľubomír Šťastný", "lubomir stastny"),
        ("Gülşah Çetinkaya", "gulsah cetinkaya"),
        ("IŞIL YILDIZ", "isil yildiz"),
        ("İpek", "ipek"),
        ("Jörg Weiß", "jorg weiss"),
        ("Łukasz Øre", "lukasz ore"),
    ],
)
def test_marks_and_capitals_make_no_difference(name: str, typed: str) -> None:
    assert folded(name) == typed
    assert folded(typed) == typed
