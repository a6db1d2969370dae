"""Paging through a listing that changes meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base import Fetched, Page
from app.services.listings import State, onward

SIZE = 3


def numbered_page(ids: list[int], cursor: str | None) -> Page:
    """As WooCommerce answers: oldest id first, pages by number."""
    number = int(cursor or "1")
    begin = (number - 1) * SIZE
    items = [Fetched("rest/order", str(i), b"", "") for i in sorted(ids)[begin : begin + SIZE]]
    more = begin + len(items) < len(ids) and items
    return Page(items, str(number + 1) if more else None, total=len(ids))


@given(
    count=st.integers(0, 20),
    changes=st.lists(st.sampled_from(["none", "first leaves", "last leaves", "one joins"])),
)
def test_what_stays_in_the_listing_is_read(count: int, changes: list[str]) -> None:
    ids, joined = list(range(count)), 1000
    stayed, seen = set(ids), set[int]()
    state: State | None = {"kept": "as it is"}
    changes = list(changes)
    while state is not None:
        page = numbered_page(ids, state.get("page"))
        seen |= {int(item.platform_id) for item in page.items}
        state = onward(state, page)
        assert state is None or state["kept"] == "as it is"
        change = changes.pop() if changes else "none"
        if change == "one joins":
            joined += 1
            ids.append(joined)
        elif change != "none" and ids:
            stayed.discard(ids.pop(0 if change == "first leaves" else -1))
    assert seen >= stayed & set(ids)


def test_progress_counts_what_was_read() -> None:
    state = onward({}, numbered_page(list(range(7)), None))
    assert state == {"page": "2", "total": 7, "read": 3}
    assert onward(state, numbered_page(list(range(7)), "2")) == {
        "page": "3",
        "total": 7,
        "read": 6,
    }
    assert onward({"page": "3", "total": 7, "read": 6}, numbered_page(list(range(7)), "3")) is None


def test_a_busy_store_that_only_grows_is_read_to_its_end() -> None:
    ids, state, pages = list(range(9)), State(), 0
    while True:
        ids.append(100 + pages)
        pages += 1
        further = onward(state, numbered_page(ids, state.get("page")))
        if further is None:
            break
        state = further
    assert pages < 10
