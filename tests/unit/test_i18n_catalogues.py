"""The .po files: complete, consistent, and safe to update."""

import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.catalog import Message

from app.i18n.catalogues import LOCALES, PLURAL_FORMS, read_catalogue
from app.i18n.negotiation import Language
from app.i18n.update import APP, SURFACES, extract, is_translated, updated, write

EVERY_FILE = [(surface, language) for surface in SURFACES for language in PLURAL_FORMS]


def texts(catalogue: Catalog) -> dict[object, Message]:
    return {message.id: message for message in catalogue if message.id}


@pytest.mark.parametrize(("surface", "language"), EVERY_FILE)
def test_every_text_is_translated(surface: str, language: Language) -> None:
    wanted = texts(extract(surface))
    path = LOCALES / language / f"{surface}.po"
    present = texts(read_catalogue(path, language)) if path.exists() else {}
    lacking = [key for key in wanted if key not in present or not is_translated(present[key])]
    assert not lacking, f"run `python -m app.i18n.update {surface}`, then translate in {path.name}"


def test_every_package_with_texts_belongs_to_a_surface() -> None:
    covered = {package for packages in SURFACES.values() for package in packages}
    marked = re.compile(r"\b(?:N_|ngettext|gettext)\(|{{ ?_\(")
    with_texts = {
        path.relative_to(APP).parts[0]
        for path in APP.rglob("*")
        if path.suffix in {".py", ".html", ".txt", ".mjml"} and marked.search(path.read_text())
    }
    assert {Path(name).stem for name in with_texts} <= covered


@pytest.mark.parametrize("language", PLURAL_FORMS)
def test_translations_name_the_parameters_of_their_text(language: Language) -> None:
    def names(text: object) -> set[str]:
        return set(re.findall(r"%\((\w+)\)s", str(text)))

    for path in sorted((LOCALES / language).glob("*.po")):
        for key, message in texts(read_catalogue(path, language)).items():
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            for form in filter(None, forms):
                # one of several forms may leave its number out ("one change")
                assert names(form) <= names(key), f"{path.name}: {form}"
                assert isinstance(key, tuple) or names(form) == names(key), f"{path.name}: {form}"


@pytest.mark.parametrize("language", PLURAL_FORMS)
def test_a_text_has_one_translation_on_all_surfaces(language: Language) -> None:
    seen: dict[object, object] = {}
    for path in sorted((LOCALES / language).glob("*.po")):
        for key, message in texts(read_catalogue(path, language)).items():
            if is_translated(message):
                assert seen.setdefault(key, message.string) == message.string, path.name


def test_updating_keeps_translations_and_finds_old_ones_again(tmp_path: Path) -> None:
    path = tmp_path / "sk" / "merchant.po"
    current = updated("merchant", "sk", tmp_path)
    known = next(iter(texts(current).values()))
    known.string = "známe" if isinstance(known.id, str) else ("a", "b", "c")
    write(current, "sk", path)

    # the text goes out of use: kept as a comment
    unused = read_catalogue(path, "sk")
    unused.update(Catalog(), no_fuzzy_matching=True)
    write(unused, "sk", path)
    assert "#~ msgid" in path.read_text(encoding="utf-8")

    # and comes back
    again = texts(updated("merchant", "sk", tmp_path))
    assert again[known.id].string == known.string


def test_updating_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tr" / "merchant.po"
    write(updated("merchant", "tr", tmp_path), "tr", path)
    first = path.read_bytes()
    write(updated("merchant", "tr", tmp_path), "tr", path)
    assert path.read_bytes() == first
    assert b"nplurals=2; plural=(n != 1);" in first
