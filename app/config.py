"""Settings: the only reader of the environment. All errors are reported together.

Every field is documented in docs/configuration.md; a check compares the two.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# What a demo makes for itself begins so: never good enough for real stores, because the file that
# it comes from lies beside the data that it protects.
GENERATED = "generated-for-development-"


class Environment(StrEnum):
    """Where we run; production refuses what only helps at development."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class ConfigurationError(SystemExit):
    """The settings cannot be used; its text lists everything that is wrong."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        listed = "\n\n".join(f"- {mistake}" for mistake in mistakes)
        super().__init__(f"The configuration cannot be used:\n\n{listed}\n")


class Settings(BaseSettings):
    """Frozen settings, read once at start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Environment = Environment.PRODUCTION
    data_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = "redis://127.0.0.1:6379/0"
    secret_keys: str = ""
    public_url: str = "http://127.0.0.1:8000"
    web_port: int = Field(default=8000, ge=1, le=65535)
    web_threads: int = Field(default=8, ge=1, le=256)
    workers: int = Field(default=2, ge=1, le=64)
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    max_body_bytes: int = Field(default=5_000_000, ge=10_000)

    shopify_client_id: str = ""
    shopify_client_secret: str = ""
    shopify_client_secret_previous: str = ""
    shopify_app_bridge_url: str = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
    shopify_origin: str = ""
    allow_loopback_stores: bool = False
    twin_urls: str = ""

    mail_transport: str = Field(default="smtp", pattern="^(smtp|outbox)$")
    mail_from: str = ""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: str = Field(default="json", pattern="^(json|console)$")
    raw_body_days: int = Field(default=30, ge=1, le=30)  # docs/privacy.md: or less

    @field_validator("public_url", "shopify_origin")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        wrong = [message for broken, message in self._production_rules() if broken]
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def _production_rules(self) -> list[tuple[bool, str]]:
        host = urlsplit(self.public_url).hostname or ""
        loopback = host in ("", "localhost", "127.0.0.1", "::1")
        return [
            (
                any(len(key) < 32 for key in self.keys) or not self.keys,
                (
                    "SECRET_KEYS is missing or shorter than 32 characters. Without it stored "
                    "tokens and names cannot be encrypted. Make one: "
                    'python -c "import secrets; print(secrets.token_urlsafe(48))"'
                ),
            ),
            (
                any(secret.startswith(GENERATED) for secret in self._secrets),
                (
                    "SECRET_KEYS or SHOPIFY_CLIENT_SECRET was generated for a demo on a "
                    "developer's machine, where anybody may have read it. Make a new one: "
                    'python -c "import secrets; print(secrets.token_urlsafe(48))"; for Shopify '
                    "take the app's own."
                ),
            ),
            (
                not self.public_url.startswith("https://") or loopback,
                (
                    f"PUBLIC_URL is {self.public_url!r}. Stores and customers must reach it: "
                    "set the address of this installation, with https."
                ),
            ),
            (
                self.allow_loopback_stores,
                (
                    "ALLOW_LOOPBACK_STORES is on. It lets anybody point us at this machine's own "
                    "network. Unset it in production."
                ),
            ),
            (
                bool(self.shopify_origin or self.twin_urls),
                "SHOPIFY_ORIGIN and TWIN_URLS are for the twin stores of development. Unset them.",
            ),
            (
                bool(self.shopify_client_id) != bool(self.shopify_client_secret),
                (
                    "Of SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET only one is set. Shopify's "
                    "webhooks cannot be verified. Set both, or none to serve WooCommerce only."
                ),
            ),
            (
                self.mail_transport != "smtp" or not self.mail_from,
                (
                    "MAIL_TRANSPORT must be smtp and MAIL_FROM an address of yours: otherwise no "
                    "customer gets a mail."
                ),
            ),
        ]

    @property
    def _secrets(self) -> tuple[str, ...]:
        return (*self.keys, *self.shopify_secrets)

    @property
    def keys(self) -> tuple[str, ...]:
        """Secret keys, newest first."""
        return tuple(key.strip() for key in self.secret_keys.split(",") if key.strip())

    @property
    def database(self) -> str:
        """The database's address: SQLite in the data directory unless set."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'afterglow.sqlite3'}"

    @property
    def shopify_secrets(self) -> tuple[str, ...]:
        """Client secrets, current first, then the previous one while it is being rotated."""
        secrets = (self.shopify_client_secret, self.shopify_client_secret_previous)
        return tuple(secret for secret in secrets if secret)

    @property
    def twins(self) -> tuple[str, ...]:
        """Control addresses of twin stores that follow our business time (development)."""
        return tuple(url.strip().rstrip("/") for url in self.twin_urls.split(",") if url.strip())

    @property
    def development(self) -> bool:
        """Whether development pages (outbox, clock) exist."""
        return self.environment is Environment.DEVELOPMENT


def load_settings() -> Settings:
    """Read the environment. Raises ConfigurationError that lists all errors at once."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [(problem["loc"], problem["msg"]) for problem in error.errors()]
    unreadable = {str(location[0]) for location, _ in problems if location}
    if unreadable:  # then the rules about several settings were not looked at: do, without these
        try:
            Settings(**{name: Settings.model_fields[name].default for name in unreadable})
        except ValidationError as error:
            problems += [(problem["loc"], problem["msg"]) for problem in error.errors()]
    raise ConfigurationError([line for found in problems for line in _lines(*found)])


def _lines(location: tuple[int | str, ...], message: str) -> list[str]:
    text = message.removeprefix("Value error, ")
    return [f"{str(location[0]).upper()}: {text}"] if location else text.split("\n")
