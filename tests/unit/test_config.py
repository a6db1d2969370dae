"""The configuration's mistakes, as an operator reads them."""

import os
from pathlib import Path

import pytest

from app.cli.demo.environment import Ports, environment, use, use_if_unconfigured
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


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A demo ran in this data directory; its key. What `use` sets is undone with monkeypatch."""
    monkeypatch.setattr(os, "environ", {**os.environ, "DATA_DIR": str(tmp_path)})
    use(Ports(web=8123))
    key = os.environ["SECRET_KEYS"]
    for name in environment(tmp_path, Ports()):
        os.environ.pop(name)
    os.environ["DATA_DIR"] = str(tmp_path)
    return key


def test_without_settings_a_command_means_the_demo(demo: str) -> None:
    use_if_unconfigured()
    assert os.environ["SECRET_KEYS"] == demo
    assert os.environ["ENVIRONMENT"] == "development"
    assert os.environ["PUBLIC_URL"] == "http://127.0.0.1:8123"


def test_what_is_set_is_never_replaced_by_the_demo(demo: str) -> None:
    os.environ["PUBLIC_URL"] = "https://mine.example"
    use_if_unconfigured()
    assert os.environ["PUBLIC_URL"] == "https://mine.example"
    assert os.environ["SECRET_KEYS"] == demo


@pytest.mark.parametrize("own", [{"ENVIRONMENT": "production"}, {"SECRET_KEYS": "k" * 48}])
@pytest.mark.usefixtures("demo")
def test_the_demo_steps_aside_for_an_installation_of_ones_own(own: dict[str, str]) -> None:
    os.environ.update(own)
    before = dict(os.environ)
    use_if_unconfigured()
    assert dict(os.environ) == before


def test_keys_with_the_demos_own_among_them_rotate_the_demo(demo: str) -> None:
    os.environ["SECRET_KEYS"] = both = f"{'k' * 48}, {demo}"
    use_if_unconfigured()
    assert os.environ["ENVIRONMENT"] == "development"
    assert os.environ["SECRET_KEYS"] == both
    use(Ports())
    assert os.environ["SECRET_KEYS"] == both
