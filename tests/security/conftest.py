"""A shop in a running application, for everybody who wants to get at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.addresses import busy_shop
from tests.http.merchant_shop import MerchantShop
from tests.serving import with_door


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    """With an order, planned work, a return, a parked delivery and a mail."""
    with busy_shop(database_url, tmp_path) as found:
        with_door(found.deps, found.app)
        yield found
