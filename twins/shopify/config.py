"""What the twin knows of the app, read from `shopify/shopify.app.toml` as Shopify would."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).parents[2]
APP_TOML = REPOSITORY / "shopify/shopify.app.toml"
SCHEMA = REPOSITORY / "app/platforms/shopify/schema/admin-2026-10.graphql"


@dataclass(frozen=True)
class AppConfig:
    """The deployed app configuration; `topics` maps a webhook topic to its address."""

    client_id: str
    client_secret: str
    name: str
    handle: str
    application_url: str
    scopes: tuple[str, ...]
    api_version: str
    topics: dict[str, str]
    metaobjects: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Limits:
    """Platform limits; tests make them small to meet them quickly. Times are wall time."""

    id_token_seconds: int = 60
    access_token_seconds: int = 3600
    refresh_token_seconds: int = 7_776_000
    bucket_points: float = 2000
    restore_points_per_second: float = 100
    # The eight retries come over four hours; 0.001 makes that 14 seconds.
    retry_scale: float = 1.0
    webhook_timeout_seconds: float = 5


def load_app_config(
    app_url: str, client_id: str, client_secret: str, toml: Path = APP_TOML
) -> AppConfig:
    """Read the TOML; its app.example.com addresses are moved to `app_url`."""
    config = tomllib.loads(toml.read_text())
    base = app_url.rstrip("/")
    topics: dict[str, str] = {}
    for subscription in config["webhooks"]["subscriptions"]:
        address = base + subscription["uri"]
        for topic in subscription.get("topics", []) + subscription.get("compliance_topics", []):
            topics[topic] = address
    return AppConfig(
        client_id=client_id,
        client_secret=client_secret,
        name=config["name"],
        handle=config["handle"],
        application_url=base + urlsplit(config["application_url"]).path.rstrip("/"),
        scopes=tuple(config["access_scopes"]["scopes"].split(",")),
        api_version=config["webhooks"]["api_version"],
        topics=topics,
        metaobjects=config["metaobjects"]["app"],
    )
