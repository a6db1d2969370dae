"""`afterglow check` as an operator and a machine read it."""

import json

from tests.cli.conftest import Afterglow


def test_all_mistakes_of_the_settings_are_findings(afterglow: Afterglow) -> None:
    done = afterglow("check", "--json", ENVIRONMENT="production", SECRET_KEYS=None, WEB_PORT="x")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["ok"] is False
    assert {each["area"] for each in told["findings"]} == {"settings"}
    what = [each["what"] for each in told["findings"]]
    assert any(text.startswith("WEB_PORT") for text in what)
    assert any(text.startswith("SECRET_KEYS is missing") for text in what)
    assert any(text.startswith("PUBLIC_URL") for text in what)


def test_what_is_broken_is_said_with_its_remedy_and_the_rest_is_looked_at(
    afterglow: Afterglow, data_dir: object
) -> None:
    done = afterglow("check", PUBLIC_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert "BAD  database  " in done.stdout
    assert "Run: afterglow migrate" in done.stdout or "does not answer" in done.stdout
    assert "Redis does not answer" in done.stdout
    assert "Mails go into the outbox" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
