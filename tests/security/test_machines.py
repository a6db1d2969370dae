"""Everything that speaks JSON, tried by schemathesis: nothing is a fault of ours, and answers are
what was described. What was signed is interpreted, too.
"""

import json
import os
import time
from collections.abc import Iterable
from itertools import repeat
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from flask import Response, render_template, request
from hypothesis import HealthCheck, Phase, given, seed, settings
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
from tests.security.description import BESIDE, GONE, Signing, paths
from tests.security.signing import link_plugin
from tests.security.speaking import speaks_json

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15  # of each operation and mode
LONGEST = 2.0  # seconds of computing for each
# `make fuzz` gives another seed each time, and more seconds for all of them together.
SEED, SECONDS = os.environ.get("FUZZ_SEED"), float(os.environ.get("FUZZ_SECONDS", "60"))


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
    """Found by what their code reads and answers, and by what they do answer."""
    there = set(BESIDE)
    for method in ("GET", "POST"):
        for rule in rules(shop, method):
            found = speaks_json(shop.app.view_functions[rule.endpoint])
            if method == "GET" and not found:
                found = shop.client.get(path_of(shop, rule), buffered=True).is_json
            if found:
                there.add((method, str(rule).replace("<", "{").replace(">", "}")))
    written = {
        (result.ok().method.upper(), result.ok().path) for result in described.get_all_operations()
    }
    assert written == there


def test_a_new_route_that_speaks_json_is_noticed() -> None:
    def reads() -> str:
        return str(request.get_json())

    def also_reads() -> str:
        return str(request.json)

    def answers() -> Any:
        return _as_json({})

    def page() -> str:
        return render_template("home.html")

    for view in (reads, also_reads, answers, page):
        view.__module__ = _as_json.__module__ = "app.embedded_ui.new"
        assert speaks_json(view) is (view is not page), view.__name__


def _as_json(data: Any) -> Response:
    return Response(json.dumps(data), mimetype="application/json")


def tried(
    operation: Any, mode: GenerationMode, seconds: float, seeds: Iterable[int | None]
) -> set[tuple[str, int]]:
    """Send it in many ways, for so long at most; returns how that was answered. Each seed leads to
    other ways, none to the same always.
    """
    statuses, until = set[tuple[str, int]](), time.thread_time() + seconds

    def each(case: Any) -> None:
        if time.thread_time() < until:
            answer = case.call()
            statuses.add((case.operation.path, answer.status_code))
            case.validate_response(answer, checks=CHECKS)

    for number in seeds:
        bounded = settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=number is None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        search = bounded(given(case=operation.as_strategy(generation_mode=mode))(each))
        (search if number is None else seed(number)(search))()
        if time.thread_time() > until:
            break
    return statuses


def test_no_request_is_a_fault_of_ours(shop: MerchantShop, described: Any) -> None:
    """The same requests each time; `make fuzz` goes on with others."""
    statuses, operations = set[tuple[str, int]](), [r.ok() for r in described.get_all_operations()]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    # what is wrong in a path is tried elsewhere
    all_of = [(each, mode) for each in operations for mode in modes[: 2 if each.body else 1]]
    for operation, mode in all_of:
        if SEED:
            seeds = map(Random(f"{SEED} {operation.path} {mode}").randrange, repeat(2**32))
            statuses |= tried(operation, mode, SECONDS / len(all_of), seeds)
        else:
            statuses |= tried(operation, mode, LONGEST, [None])
    # Both sides of each door were tried.
    for path in ("/webhooks/{platform}", "/plugin/v1/status", "/plugin/v1/switch", GONE):
        assert {(path, 200), (path, 401)} <= statuses, path
    assert ("/u/{token}", 200) in statuses
    shop.work()
    read = rows_of(shop.deps)["inbox"]
    assert len(read) > 5
    assert not [row for row in read if "fault of ours" in repr(row)]
