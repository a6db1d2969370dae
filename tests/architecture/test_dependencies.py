"""What we are made of: licences that we agreed to, files as packed, a bill of materials."""

import json
import shutil
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from scripts import check_lock


@pytest.fixture(scope="module")
def scripts_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
        yield


@pytest.fixture
def dependencies(scripts_path):
    import dependencies

    return dependencies


@pytest.fixture
def sbom(scripts_path):
    import sbom

    return sbom


def test_every_licence_is_allowed(dependencies) -> None:
    listed = dependencies.packages()
    assert len(listed) > 90
    assert dependencies.licence_problems(listed) == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MIT AND (GPL-2.0-only OR ISC)", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("BSD License", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_which_licences_are_allowed(dependencies, licence: str, allowed: bool) -> None:
    assert dependencies.is_allowed(licence) is allowed
    package = dependencies.Package("x", "1", True, licence)
    assert bool(dependencies.licence_problems([package])) is not allowed


def test_what_is_installed_is_what_is_locked_file_by_file(dependencies) -> None:
    assert dependencies.installed_problems() == []


def test_a_changed_or_missing_file_is_noticed(dependencies, tmp_path: Path) -> None:
    found = metadata.distribution("iniconfig")
    for file in found.files or ():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file.locate(), tmp_path / file)
    (copied,) = metadata.distributions(path=[str(tmp_path)])
    assert list(dependencies._changed(copied)) == []
    with (tmp_path / "iniconfig" / "__init__.py").open("a") as file:
        file.write("\nimport os\n")
    (tmp_path / "iniconfig" / "exceptions.py").unlink()
    assert sorted(dependencies._changed(copied)) == [
        "iniconfig/__init__.py",
        "iniconfig/exceptions.py (missing)",
    ]


def test_the_bill_of_materials_is_valid_complete_and_the_same_each_time(sbom) -> None:
    text = sbom.text()
    assert sbom.text() == text
    assert "http" not in text.replace("http://cyclonedx.org/schema/", "")
    bill = json.loads(text)
    assert sorted(_validator().iter_errors(bill), key=str) == []
    named = {each["name"]: each for each in bill["components"]}
    assert set(named) == {name.partition("[")[0] for name in check_lock.pins("runtime")}
    assert all(each["properties"] for each in named.values())
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    assert "werkzeug" in needs["flask"]
    assert {"flask", "sqlalchemy", "psycopg"} <= set(needs["afterglow-app"])
    reached, waiting = set(), ["afterglow-app"]
    while waiting:
        reached.add(here := waiting.pop())
        waiting += [each for each in needs[here] if each not in reached]
    orphans = set(named) - reached
    assert orphans <= {"async-timeout", "psycopg-binary"}, "needed by nobody"  # markers, extras


def _validator() -> Draft7Validator:
    """The schema that CycloneDX publishes, as its library carries it."""
    folder = files("cyclonedx.schema") / "_res"
    schemas = {
        name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "spdx", "jsf-0.82")
    }
    registry = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
    )
    return Draft7Validator(schemas["bom-1.6"], registry=registry)
