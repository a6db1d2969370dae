"""What a restored backup may do twice, as the merchant sees and decides it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.actions import ActionState
from app.services import continuity
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    """Two customers are to be asked; then a backup is put back."""
    with merchant_shop(database_url, tmp_path) as found:
        found.switch_on()
        found.take(order(0), order(1))
        found.clock.at = NOW.replace(month=12, day=20)
        continuity.announce(found.deps)
        yield found


def test_home_says_it_in_one_line_and_leads_to_the_page(shop: MerchantShop) -> None:
    html = shop.get("/app/")
    assert "2 actions fell due since the backup." in html
    assert 'href="/app/held"' in html
    assert "/app/problems/restored_backup/again" not in html
    page = shop.get("/app/held")
    assert "Žofia Nováková" in page
    assert page.count(">Let it go on</button>") == 2
    assert "The backup of" in page


def test_each_row_says_why_it_waits_on_its_order(shop: MerchantShop) -> None:
    assert "was put back on 20 December" in shop.get("/app/orders/4100")


@pytest.mark.parametrize(("word", "state"), [("go", "planned"), ("cancel", "cancelled")])
def test_one_is_decided_and_the_other_waits(shop: MerchantShop, word: str, state: str) -> None:
    action = shop.action("4100")
    answer = shop.post(f"/app/held/{action.id}/{word}")
    assert answer.headers["Location"] == f"/app/held?done={word}"
    assert shop.action("4100").state == state
    assert shop.action("4101").state is ActionState.BLOCKED
    assert "1 action fell due since the backup." in shop.get("/app/")
    again = shop.post(f"/app/held/{action.id}/{word}")
    assert again.headers["Location"] == "/app/held?done=too-late"
    assert shop.action("4100").state == state


@pytest.mark.parametrize(("word", "state"), [("go", "planned"), ("cancel", "cancelled")])
def test_all_are_decided_after_saying_what_it_means(
    shop: MerchantShop, word: str, state: str
) -> None:
    asked = shop.get(f"/app/held/all/{word}")
    assert re.search(r"all 2 actions", asked)
    assert shop.action("4100").state is ActionState.BLOCKED
    shop.post(f"/app/held/all/{word}")
    assert {shop.action("4100").state, shop.action("4101").state} == {state}
    assert "restored" not in shop.get("/app/")
    assert "Nothing is held back" in shop.get("/app/held")
    assert shop.client.get(f"/app/held/all/{word}").status_code == 302


def test_what_is_not_held_cannot_be_decided_here(shop: MerchantShop) -> None:
    shop.post("/app/held/all/go")
    action = shop.action("4100")
    assert shop.post(f"/app/held/{action.id}/cancel").headers["Location"].endswith("too-late")
    assert shop.action("4100") == action
    for path in ("/app/held/999/go", f"/app/held/{2**70}/go", f"/app/held/{action.id}/burn",
                 "/app/held/all/burn"):  # fmt: skip
        assert shop.post(path).status_code == 404, path


def test_many_are_shown_in_pages(shop: MerchantShop) -> None:
    shop.clock.at = NOW
    shop.take(*(order(n) for n in range(2, 60)))
    first = shop.get("/app/held")
    assert first.count(">Let it go on</button>") == 50
    assert "60 wait in all" in first
    further = re.search(r'href="(/app/held\?after=\d+)"', first)
    assert further
    assert shop.get(further[1]).count(">Let it go on</button>") == 10
