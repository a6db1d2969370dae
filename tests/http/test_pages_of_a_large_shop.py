"""Pages of a shop with a past stay light and ask little; `make bench` has the full measure.

Whether they read by index is asked in `tests/pipeline/test_query_plans.py`.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from bench.pages import LIMIT_BYTES, Site, site

ORDERS = 2_000


@pytest.fixture(scope="module")
def large() -> Iterator[Site]:
    with site(ORDERS) as found:
        yield found


def statements(large: Site, path: str) -> list[str]:
    """What a page asks the database."""
    asked: list[str] = []

    def listen(_c: object, _k: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(large.deps.db.engine, "before_cursor_execute", listen)
    try:
        large.client.get(path)
    finally:
        event.remove(large.deps.db.engine, "before_cursor_execute", listen)
    return [one for one in asked if one.lstrip().upper().startswith("SELECT")]


def test_every_page_answers_and_stays_light(large: Site) -> None:
    for path in large.paths():
        answer = large.client.get(path)
        assert answer.status_code in (200, 302), path
        assert len(answer.get_data()) < LIMIT_BYTES, path


def test_a_page_asks_about_as_often_in_a_large_shop_as_in_a_small_one(large: Site) -> None:
    for path in large.paths():
        assert len(statements(large, path)) < 60, path
