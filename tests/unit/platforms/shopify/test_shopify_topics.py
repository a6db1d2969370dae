"""shopify.app.toml, the table of topics, the rules and the scopes agree."""

import tomllib
from pathlib import Path

from app.domain.snapshots import ObjectKind
from app.platforms.shopify.normalise import RULES
from app.platforms.shopify.scopes import REQUIRED_SCOPES, missing_scopes
from app.platforms.shopify.topics import FETCHED, TOPICS

CONFIG = tomllib.loads((Path(__file__).parents[4] / "shopify/shopify.app.toml").read_text())
SUBSCRIPTIONS = CONFIG["webhooks"]["subscriptions"]


def test_the_app_subscribes_to_exactly_the_topics_of_the_table() -> None:
    subscribed = [topic for entry in SUBSCRIPTIONS for topic in entry.get("topics", ())]
    compliance = [topic for entry in SUBSCRIPTIONS for topic in entry.get("compliance_topics", ())]
    assert sorted(subscribed + compliance) == sorted(TOPICS)
    assert set(compliance) == {"customers/data_request", "customers/redact", "shop/redact"}


def test_every_topic_and_every_fetched_shape_has_a_rule_and_no_rule_is_left_over() -> None:
    assert set(RULES) == set(TOPICS) | set(FETCHED.values())
    assert set(FETCHED) == set(ObjectKind) - {ObjectKind.REVIEW}


def test_the_api_version_is_the_one_that_the_operations_were_written_for() -> None:
    assert CONFIG["webhooks"]["api_version"] == "2026-10"


def test_the_scopes_are_those_that_are_asked_for() -> None:
    assert set(CONFIG["access_scopes"]["scopes"].split(",")) == set(REQUIRED_SCOPES)


def test_a_write_scope_includes_reading_and_foreign_scopes_do_not_matter() -> None:
    granted = [s.replace("read_orders", "write_orders") for s in REQUIRED_SCOPES]
    assert (
        missing_scopes([*granted, "customer_read_orders", "unauthenticated_read_metaobjects"]) == ()
    )


def test_a_missing_scope_is_named() -> None:
    granted = [s.replace("write_discounts", "read_discounts") for s in REQUIRED_SCOPES]
    assert missing_scopes(granted) == ("write_discounts",)
    assert missing_scopes([]) == REQUIRED_SCOPES
