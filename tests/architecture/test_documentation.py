"""The documentation says what the code does, as far as a machine can compare the two."""

import re

import pytest

from app.channels.messages import WITH_TEXTS
from app.clock import BEATS
from app.config import Settings
from app.db.models import metadata
from app.domain.actions import ActionKind, ActionState
from app.jobs.tasks import TASKS
from scripts import doc_tables

DOCS = doc_tables.ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text()
CONFIGURATION = (DOCS / "configuration.md").read_text()


@pytest.mark.parametrize("path", doc_tables.pages(), ids=lambda path: path.name)
def test_tables_that_repeat_the_code_are_up_to_date(path):
    text = path.read_text()
    assert text == doc_tables.renewed(text), "run: python scripts/doc_tables.py"


def test_every_mail_that_may_be_worded_has_its_fields_in_the_documentation():
    tables = re.findall(r"<!-- table: fields ([\w ]+) -->", (DOCS / "texts.md").read_text())
    assert " ".join(tables).split() == list(WITH_TEXTS)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([state.value for state in ActionState], id="states"),
        pytest.param([kind.value for kind in ActionKind], id="effects"),
        pytest.param(list(metadata.tables), id="tables"),
        pytest.param(list(TASKS), id="jobs"),
        pytest.param([beat.job for beat in BEATS], id="beats"),
    ],
)
def test_the_architecture_names_everything_of_a_kind(names):
    assert [name for name in names if f"`{name}`" not in ARCHITECTURE] == []


def test_the_architecture_names_functions_that_exist():
    code = "\n".join(path.read_text() for path in (doc_tables.ROOT / "app").rglob("*.py"))
    named = re.findall(r"`((?:\w+\.)+\w+)`", ARCHITECTURE)
    functions = [name.rpartition(".")[2] for name in named if not name.endswith((".py", ".md"))]
    assert [name for name in functions if not re.search(rf"\b{name}\b", code)] == []


def test_defaults_of_the_configuration_are_those_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", CONFIGURATION, re.MULTILINE)
    written = {name: cell.strip("`") for name, cell in rows}
    for name, field in Settings.model_fields.items():
        default = field.default
        text = str(default).lower() if isinstance(default, bool) else str(default)
        assert written[name.upper()] == (text or "–"), name
