"""What docs/add-an-automation.md asks of every automation."""

from pathlib import Path

from app.automations.registry import AUTOMATIONS

ROOT = Path(__file__).resolve().parents[2]


def test_every_automation_has_a_page_in_the_documentation():
    lacking = [a.key for a in AUTOMATIONS if not (ROOT / f"docs/automations/{a.key}.md").is_file()]
    assert lacking == []


def test_every_automation_has_tests_of_its_rules_and_of_its_settings():
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    for automation in AUTOMATIONS:
        module = f"app.automations.{automation.key}"
        own = "\n".join(text for text in texts if module in text)
        decides = "decide(" in own or "decide_request(" in own
        assert decides, f"no test of the rules of {automation.key}"
        assert "Settings" in own, f"no test of the settings of {automation.key}"


def test_every_setting_has_words_and_a_default_so_that_its_form_can_be_made():
    for automation in AUTOMATIONS:
        assert automation.Settings() is not None, "an automation works without being configured"
        for name, field in automation.Settings.model_fields.items():
            where = f"{automation.key}.{name}"
            assert field.title, f"{where} has no label"
            assert field.description, f"{where} has no help"


def test_automations_are_known_by_the_name_of_their_module():
    keys = [automation.key for automation in AUTOMATIONS]
    assert len(set(keys)) == len(keys)
    for key in keys:
        module = ROOT / "app/automations" / key
        assert module.with_suffix(".py").is_file() or module.is_dir(), key
