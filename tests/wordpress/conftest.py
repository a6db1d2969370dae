"""A store with the plugin, connected to a served application."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts import ensure_php
from tests.http.installing import Installation, installed
from tests.wordpress.plugin_shop import connect
from twins import woocommerce


@pytest.fixture(scope="session")
def php() -> None:
    """Skips where there is no PHP; under CI that is a failure."""
    if problem := ensure_php.missing():
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)


@pytest.fixture
def real(php: None) -> bool:
    """The plugin itself answers in the store; test_plugin_stand_in.py has the other case."""
    return True


@pytest.fixture
def site(
    tmp_path: Path, database_url: str, free_port: Callable[[], int], real: bool
) -> Iterator[Installation]:
    """The store has the plugin, and is not connected yet."""
    with (
        woocommerce.start(plugin=True, php=real) as twin,
        installed(tmp_path, database_url, free_port, twin.url) as site,
    ):
        yield site


@pytest.fixture
def connected(site: Installation) -> Installation:
    """Connected, with the plugin linked and all webhooks registered."""
    connect(site)
    return site
