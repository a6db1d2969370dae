"""What leaves as text stays text, whatever a customer typed."""

from hypothesis import given
from hypothesis import strategies as st

from app.platforms.woocommerce.markup import as_markup, plain


def test_titles_are_read_as_people_read_them() -> None:
    assert plain("Tea &amp; <em>Towel</em> &#8211; blue") == "Tea & Towel – blue"


@given(st.text())
def test_no_text_becomes_a_tag(text: str) -> None:
    assert "<" not in as_markup(text)
    assert ">" not in as_markup(text)
