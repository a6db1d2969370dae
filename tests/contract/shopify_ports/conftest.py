"""A twin per test, with the adapter opened on it."""

from collections.abc import Iterator

import pytest
from shopify_twin import Twin, opened, platform_of, running

from app.platforms.base import Store
from app.platforms.shopify.platform import Shopify


@pytest.fixture
def twin() -> Iterator[Twin]:
    with running() as started:
        yield Twin(started.url)


@pytest.fixture
def platform(twin: Twin) -> Shopify:
    return platform_of(twin)


@pytest.fixture
def store(twin: Twin, platform: Shopify) -> Store:
    return opened(twin, platform)
