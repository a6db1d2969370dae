"""The configuration's mistakes, as an operator reads them."""

import pytest

from app.config import ConfigurationError, Settings, load_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def complaints() -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return str(caught.value)


def test_production_says_everything_that_it_misses() -> None:
    said = complaints()
    assert "- SECRET_KEYS is missing" in said
    assert "- PUBLIC_URL is" in said
    assert "MAIL_FROM" in said


def test_unreadable_values_do_not_hide_other_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_PORT", "many")
    monkeypatch.setenv("SHOPIFY_CLIENT_ID", "id")
    said = complaints()
    assert "- WEB_PORT: " in said
    assert "- SECRET_KEYS is missing" in said
    assert "only one is set" in said
    assert said.count("WEB_PORT") == 1


def test_development_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert load_settings().development
