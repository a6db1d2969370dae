"""What every `ProductsPort` promises of its listing, whatever the platform."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.ids import PlatformId
from app.domain.snapshots import ProductSnapshot
from app.platforms.base import Fetched, Page, ProductsPort, Received
from tests.pipeline.stands import Stand, standing

PAGE_SIZES = {
    "woocommerce": ("app.platforms.woocommerce.listing", "app.platforms.woocommerce.products"),
    "shopify": ("app.platforms.shopify.products",),
}


@pytest.fixture(params=["woocommerce", "shopify"])
def stand(
    request: Any, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stand]:
    """A connected store; its pages are short."""
    for module in PAGE_SIZES[request.param]:
        monkeypatch.setattr(f"{module}.PAGE{'_SIZE' * ('woo' in module)}", 2)
    with standing(request.param, tmp_path, database_url) as stand:
        stand.connect()
        yield stand


@pytest.fixture
def port(stand: Stand) -> ProductsPort:
    return stand.harness.deps.open_store(stand.harness.get_shop(stand.shop_id)).products


@pytest.fixture
def pages(port: ProductsPort) -> Callable[[datetime], list[Page]]:
    """All pages of what changed since then."""
    changed = port.changed
    assert changed

    def read(since: datetime) -> list[Page]:
        found = [changed(since, None)]
        while cursor := found[-1].cursor:
            found.append(changed(since, cursor))
        return found

    return read


def heads(pages: list[Page]) -> dict[PlatformId, datetime]:
    """Each product once."""
    found = [head for page in pages for head in page.heads.items()]
    assert len(found) == len(dict(found))
    return dict(found)


def picture(stand: Stand, fetched: Fetched | None) -> ProductSnapshot:
    assert fetched
    received = Received(fetched.topic, fetched.body, None, "", "EUR")
    (product,) = stand.harness.deps.platforms[stand.platform].normalise(received)  # type: ignore[misc]
    assert isinstance(product, ProductSnapshot)
    return product


def an_hour_later(stand: Stand) -> datetime:
    """From then on; the twin's clock is up to a second behind ours."""
    stand.wait(hours=1)
    return stand.harness.business.now() - timedelta(seconds=5)


def test_all_that_changed_since_then_is_listed_with_its_own_time(
    stand: Stand, port: ProductsPort, pages: Callable[[datetime], list[Page]]
) -> None:
    since = an_hour_later(stand)
    renamed = stand.products()[:5]
    for product_id in renamed:
        stand.wait(seconds=2)
        stand.rename(product_id, "Renamed")
    found = pages(since)
    assert len(found) > 2
    assert heads(found) == {
        product_id: picture(stand, port.fetch(product_id)).version for product_id in renamed
    }
    told = found[0].store_now
    assert told
    assert abs(told - stand.harness.business.now()) < timedelta(minutes=1)


def test_what_was_taken_away_is_listed_as_later_than_all_that_was_known_of_it(
    stand: Stand, port: ProductsPort, pages: Callable[[datetime], list[Page]]
) -> None:
    since = an_hour_later(stand)
    taken = stand.products()[:3]
    known = {}
    for product_id in taken:
        stand.rename(product_id, "Renamed")
        known[product_id] = picture(stand, port.fetch(product_id)).version
    if stand.platform == "woocommerce":  # where the bin is a change like others, in whole seconds
        stand.wait(seconds=2)
    for product_id in taken:
        stand.take_away(product_id)
    found = heads(pages(since))
    assert found.keys() == set(taken)
    assert all(found[product_id] > (known[product_id] or since) for product_id in taken)


def test_nothing_changed_is_empty_pages(
    stand: Stand, pages: Callable[[datetime], list[Page]]
) -> None:
    stand.rename(stand.products()[0], "Renamed")
    stand.wait(hours=1)
    found = pages(stand.harness.business.now())
    assert heads(found) == {}
    assert len(found) == 2
