"""What merchants get: translated texts, a readme that tells the truth, a zip with all of it."""

import re
import zipfile
from pathlib import Path

import pytest

from app.i18n.catalogues import read_catalogue
from app.i18n.negotiation import Language
from app.i18n.update import is_translated
from scripts import build_plugin, plugin_texts
from scripts.plugin_texts import LANGUAGES, LOCALES, PLUGIN


def ids(messages: object) -> set[object]:
    return {m.id for m in messages if m.id}  # type: ignore[attr-defined]


def test_the_template_has_every_text_of_the_plugin() -> None:
    wanted = ids(plugin_texts.extract())
    assert len(wanted) > 40
    template = read_catalogue(LANGUAGES / "afterglow.pot", "sk")
    assert ids(template) == wanted
    calls = re.compile(r"\b(?:__|_n|esc_html__|esc_html_e)\(")
    found = sum(len(calls.findall(path.read_text())) for path in PLUGIN.rglob("*.php"))
    assert found >= len(wanted)


@pytest.mark.parametrize(("language", "locale"), list(LOCALES.items()))
def test_texts_are_translated_and_compiled(language: Language, locale: str) -> None:
    path = LANGUAGES / f"afterglow-{locale}.po"
    catalogue = read_catalogue(path, language)
    assert ids(catalogue) == ids(plugin_texts.extract())
    for message in catalogue:
        if message.id:
            assert is_translated(message), message.id
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            original = message.id if isinstance(message.id, str) else message.id[0]
            places = sorted(re.findall(r"%(?:\d\$)?s", original))
            for form in forms:
                assert sorted(re.findall(r"%(?:\d\$)?s", form)) == places, original
    compiled = path.with_suffix(".mo").read_bytes()
    assert compiled == plugin_texts.compiled(catalogue, language), "run scripts/plugin_texts.py"


def test_one_version_everywhere() -> None:
    version = build_plugin.version()
    main = (PLUGIN / "afterglow.php").read_text()
    assert f"define( 'AFTERGLOW_VERSION', '{version}' );" in main
    assert f"'{version}'" in (PLUGIN / "uninstall.php").read_text()
    readme = (PLUGIN / "readme.txt").read_text()
    assert f"Stable tag: {version}\n" in readme
    assert f"= {version} =\n" in readme


def test_the_rules_of_the_plugin_directory() -> None:
    """No frame, nothing loaded from elsewhere, licence and service declared, own slug."""
    assert not PLUGIN.name.startswith("woocommerce")
    header = (PLUGIN / "afterglow.php").read_text()
    for line in ("License: GPL-2.0-or-later", "Requires PHP: 7.4", "Requires Plugins: woocommerce",
                 "Text Domain: afterglow"):  # fmt: skip
        assert f" * {line}\n" in header
    assert "== External service ==" in (PLUGIN / "readme.txt").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in (PLUGIN / "LICENSE").read_text()
    for path in PLUGIN.rglob("*"):
        if path.suffix in (".php", ".js", ".css"):
            text = path.read_text().lower()
            assert "<iframe" not in text, path
            assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?https?://", text), path
            assert not re.search(r"\b(?:eval|exec|shell_exec|system|passthru)\s*\(", text), path


def test_no_php_that_7_4_does_not_know() -> None:
    newer = re.compile(
        r"\?->|\bmatch\s*\(|\bstr_(?:starts|ends)_with\(|\bstr_contains\(|\benum\s+\w+\s*[:{]"
        r"|\breadonly\b|#\[|\bget_debug_type\(|\barray_is_list\(|function \w+\([^)]*\w+\|\w+ \$"
    )
    for path in PLUGIN.rglob("*.php"):
        assert not newer.search(path.read_text()), path


def test_the_zip_is_the_plugin_and_nothing_else(tmp_path: Path) -> None:
    first = build_plugin.build(tmp_path / "one").read_bytes()
    assert build_plugin.build(tmp_path / "two").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "one" / f"afterglow-{build_plugin.version()}.zip") as archive:
        names = set(archive.namelist())
        assert archive.testzip() is None
    assert {n.partition("/")[0] for n in names} == {"afterglow"}
    needed = ("afterglow.php", "uninstall.php", "readme.txt", "LICENSE", "assets/handover.js",
              "languages/afterglow.pot", "languages/afterglow-sk_SK.mo")  # fmt: skip
    assert {f"afterglow/{name}" for name in needed} <= names
    assert len(names) == sum(path.is_file() for path in PLUGIN.rglob("*"))


def test_an_address_can_be_packed_in(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_plugin.build(tmp_path, "https://app.example")) as archive:
        main = archive.read("afterglow/afterglow.php").decode()
    assert "define( 'AFTERGLOW_APP_URL', 'https://app.example' );" in main
