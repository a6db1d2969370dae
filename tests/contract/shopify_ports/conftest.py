"""A twin per test, with the adapter opened on it."""

from collections.abc import Iterator

import pytest
from shopify_twin import Twin, opened, platform_of, running

from app.platforms.base import Store
from app.platforms.shopify.platform import Shopify
from twins.shopify.config import Limits


@pytest.fixture
def twin() -> Iterator[Twin]:
    # Nobody sleeps here, so points do not come back: enough for a whole test.
    with running(Limits(bucket_points=1_000_000)) as started:
        yield Twin(started.url)


@pytest.fixture
def platform(twin: Twin) -> Shopify:
    return platform_of(twin)


@pytest.fixture
def store(twin: Twin, platform: Shopify) -> Store:
    return opened(twin, platform)
