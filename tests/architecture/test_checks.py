"""The checks of `make lint` find what they are for."""

import pytest

from scripts import check_docs, check_files, check_lock


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("[the licence](LICENSE)", False),
        ("[elsewhere](https://example.com/nothing)", False),
        ("[gone](docs/gone.md)", True),
        ('<img src="docs/gone.png">', True),
        ("`[gone](docs/gone.md)` is only an example", False),
        ("# Where things are\n[below](#where-things-are)", False),
    ],
)
def test_links_that_lead_nowhere(text, broken, monkeypatch, tmp_path):
    (tmp_path / "LICENSE").touch()
    (tmp_path / "page.md").write_text(text)
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    assert bool(check_docs.broken_links("page.md", text)) is broken


def test_commands_that_do_not_exist():
    page = "Say `make run`, `make juice`, or\n```\n$ make test\nmake tea\n```\nand make haste."
    assert set(check_docs.named("make", {"page.md": page})) == {"run", "juice", "test", "tea"}
    assert check_docs.unknown_make_targets({"page.md": page}) == [
        "page.md: there is no `make juice`.",
        "page.md: there is no `make tea`.",
    ]


def test_settings_that_are_not_documented_or_do_not_exist():
    page = "| Name | Meaning |\n|---|---|\n| `DATABASE_URL` | where |\n| `FLUX` | what |\n"
    problems = check_docs.undocumented_settings({"docs/configuration.md": page})
    assert "docs/configuration.md: no setting FLUX." in problems
    assert "docs/configuration.md lacks REDIS_URL." in problems
    assert not any("DATABASE_URL" in problem for problem in problems)


@pytest.mark.parametrize(
    "line", ["/ho" + "me/ann/x", "see /wo" + "rk/main", "https://py" + "pi.org"]
)
def test_paths_of_one_machine_and_registries(line):
    assert check_files.ELSEWHERE.search(line)


def test_a_lock_file_for_other_declarations_or_without_hashes(monkeypatch, tmp_path):
    lock = tmp_path / "dev.lock"
    monkeypatch.setitem(check_lock.LOCKS, "dev", lock)
    assert check_lock.problems_of("dev") == ["dev.lock is missing."]
    good = check_lock.stamp(check_lock.declaration_digest())
    entry = "flask==3.0.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
    lock.write_text(good + entry)
    assert check_lock.problems_of("dev") == []
    lock.write_text(check_lock.stamp("0" * 64) + entry)
    assert check_lock.problems_of("dev") == [
        "dev.lock was made for other declarations than pyproject.toml has."
    ]
    lock.write_text(good + "flask==3.0.0\n")
    assert check_lock.problems_of("dev") == [
        "dev.lock: flask==3.0.0 has no exact version with hashes."
    ]
    lock.write_text(good + "--extra-index-url https://example.com/simple\n" + entry)
    assert check_lock.problems_of("dev") == ["dev.lock names an index or an option."]
