"""Everything that speaks JSON, tried by schemathesis: nothing is a fault of ours, and answers are
what was described. What was signed is interpreted, too.
"""

import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.channels.links import Purpose
from app.db.shops import Shops, ShopState
from app.services.rate_limits import rate_limits
from tests.http.addresses import path_of, rows_of, rules
from tests.http.merchant_shop import NOW, MerchantShop
from tests.security.description import ANSWERS, FORMS, READS, Signing, paths
from tests.security.signing import link_plugin

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15  # of each operation and mode
LONGEST = 2.0  # seconds of computing for each


@pytest.fixture
def described(shop: MerchantShop) -> Any:
    """The description with addresses of this shop, and the application that signs."""
    link_plugin(shop)
    rate_limits.cache_clear()
    with shop.write() as data:
        hook = data.webhooks.prepare("order.updated", NOW)
        export = data.privacy.add_export("a.json", b"{}", NOW, NOW.replace(year=2027))
        other = Shops(data.uow).ensure(
            "shopify", "some-shop.myshopify.com", ShopState.CONNECTING, NOW
        )
        Shops(data.uow).open_installation(other.id, (), NOW)
    links = {
        "/x/": shop.deps.links.make(Purpose.EXPORT, {"t": export}),
        "/shop-export/": shop.deps.links.make(Purpose.SHOP_EXPORT, {"s": shop.shop.public_ref}),
    }
    known = {name: urlsplit(link).path.rpartition("/")[2] for name, link in links.items()}
    (rule,) = rules(shop, "POST", "/u/")
    known["/u/"] = path_of(shop, rule).rpartition("/")[2]
    found = schemathesis.openapi.from_dict(
        {
            "openapi": "3.1.0",
            "info": {"title": "Afterglow", "version": "0"},
            "paths": paths(hook.token, known),
        }
    )
    found.app = Signing(shop, hook.secret)
    return found


def test_every_route_for_machines_is_described(shop: MerchantShop, described: Any) -> None:
    there = {
        (method, str(rule).replace("<", "{").replace(">", "}"))
        for method in ("GET", "POST")
        for rule in rules(shop, method)
        if str(rule).startswith((*READS, *ANSWERS, *FORMS))
    }
    written = {
        (result.ok().method.upper(), result.ok().path) for result in described.get_all_operations()
    }
    there.discard(("GET", "/u/{token}"))  # the page with its button
    # in front of Flask, so in none of its rules
    there |= {("POST", "/webhooks/{platform}"), ("POST", "/webhooks/{platform}/{token}")}
    assert written == there


def tried(operation: Any, mode: GenerationMode) -> set[tuple[str, int]]:
    """Send it in many ways; returns how that was answered."""
    statuses, until = set[tuple[str, int]](), time.thread_time() + LONGEST

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def each(case: Any) -> None:
        if time.thread_time() < until:
            answer = case.call()
            statuses.add((case.operation.path, answer.status_code))
            case.validate_response(answer, checks=CHECKS)

    each()
    return statuses


def test_no_request_is_a_fault_of_ours(shop: MerchantShop, described: Any) -> None:
    statuses = set[tuple[str, int]]()
    for result in described.get_all_operations():
        operation = result.ok()
        statuses |= tried(operation, GenerationMode.POSITIVE)
        if operation.body:  # what is wrong in a path is tried elsewhere
            statuses |= tried(operation, GenerationMode.NEGATIVE)
    # Both sides of each door were tried.
    assert ("/webhooks/{platform}", 200) in statuses
    assert ("/webhooks/{platform}", 401) in statuses
    assert ("/plugin/v1/switch", 200) in statuses
    assert ("/plugin/v1/switch", 401) in statuses
    assert ("/u/{token}", 200) in statuses
    shop.work()
    read = rows_of(shop.deps)["inbox"]
    assert len(read) > 5
    assert not [row for row in read if "fault of ours" in repr(row)]
