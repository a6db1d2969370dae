"""The configuration's mistakes, as an operator reads them."""

from pathlib import Path

import pytest

from app.cli.demo.environment import Ports, environment
from app.config import GENERATED, ConfigurationError, Settings, load_settings


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


def test_production_refuses_what_a_demo_generated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each secret that a demo makes, among good ones as well."""
    made = environment(tmp_path, Ports())
    assert environment(tmp_path, Ports()) == made  # the same at the next start
    good = "k" * 48
    monkeypatch.setenv("SHOPIFY_CLIENT_ID", "id")
    for keys, client_secret, refused in [
        (made["SECRET_KEYS"], good, True),
        (f"{good},{made['SECRET_KEYS']}", good, True),
        (good, made["SHOPIFY_CLIENT_SECRET"], True),
        (good, good, False),
    ]:
        monkeypatch.setenv("SECRET_KEYS", keys)
        monkeypatch.setenv("SHOPIFY_CLIENT_SECRET", client_secret)
        said = complaints()
        assert ("was generated for a demo" in said) == refused, said
        assert good not in said
        assert made["SECRET_KEYS"] not in said
    monkeypatch.setenv("ENVIRONMENT", "development")
    monkeypatch.setenv("SECRET_KEYS", made["SECRET_KEYS"])
    assert load_settings().keys == (made["SECRET_KEYS"],)


def test_whatever_a_demo_makes_secret_is_marked(tmp_path: Path) -> None:
    for name, value in environment(tmp_path, Ports()).items():
        if "SECRET" in name or "PASSWORD" in name:
            assert value.startswith(GENERATED), name
