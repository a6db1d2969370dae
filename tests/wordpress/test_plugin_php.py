"""The plugin's own tests (PHPUnit), its syntax, and its signatures against ours, byte for byte."""

import base64
import json
import os
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import jwt
import pytest

from app.platforms.woocommerce.plugin_signatures import (
    Call,
    call_is_signed,
    call_signature,
    claimed_site,
    read_token,
    return_is_signed,
    return_signature,
)

ROOT = Path(__file__).parents[2]
PLUGIN, TESTS = ROOT / "wordpress" / "afterglow", ROOT / "wordpress" / "tests"
SUITES = sorted(path.name for path in TESTS.glob("*Test.php"))

pytestmark = pytest.mark.usefixtures("php")


def run(*command: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=ROOT, input=given, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("suite", SUITES)
def test_phpunit(suite: str) -> None:
    done = run(
        "phpunit", "--no-configuration", "--do-not-cache-result", "--fail-on-risky",
        "--fail-on-warning", "--bootstrap", TESTS / "bootstrap.php", TESTS / suite,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"OK \(\d+ tests?", done.stdout), done.stdout


def test_every_suite_is_run() -> None:
    assert len(SUITES) >= 7


def test_syntax() -> None:
    folders = (PLUGIN, TESTS, ROOT / "twins" / "woocommerce" / "wordpress")
    files = sorted(path for folder in folders for path in folder.rglob("*.php"))
    assert len(files) > 20
    for path in files:
        done = run("php", "-d", "error_reporting=-1", "-d", "display_errors=1", "-l", path)
        assert done.returncode == 0, done.stdout
        assert "Deprecated" not in done.stdout, done.stdout


def test_no_file_of_the_plugin_answers_when_it_is_called_directly() -> None:
    """Web servers run any PHP file that somebody names."""
    for path in sorted(PLUGIN.rglob("*.php")):
        text = path.read_text()
        guarded = re.search(
            r"^defined\( '(ABSPATH|WP_UNINSTALL_PLUGIN)' \) \|\| exit;", text, re.MULTILINE
        )
        assert guarded or path.name == "index.php", path
        done = run("php", "-d", "display_errors=1", path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), path


def php(asked: list[dict[str, Any]]) -> list[Any]:
    done = run("php", "-d", "display_errors=stderr", TESTS / "sign.php", given=json.dumps(asked))
    assert done.returncode == 0, done.stderr
    results: list[Any] = json.loads(done.stdout)
    return results


def samples() -> list[Call]:
    """Calls with awkward bytes; the same ones each time."""
    chance = random.Random(20261126)
    bodies = [b"", b"{}", '{"a":"Lúka & Lale ğış"}'.encode(), b"\x00\xff\r\n", b"\n" * 3]
    bodies += [chance.randbytes(chance.randrange(300)) for _ in range(40)]
    return [
        Call(
            site="Ab_-0123456789xy",
            method=chance.choice(["GET", "POST"]),
            target=chance.choice(["/plugin/v1/status?lang=sk", "/plugin/v1/switch", "/ü?x=%2F&&"]),
            time=str(chance.randrange(10**9, 2 * 10**9)),
            nonce=chance.randbytes(16).hex(),
            signature="",
            body=body,
        )
        for body in bodies
    ]


SECRET = "0123456789abcdef" * 4


def test_calls_are_signed_alike() -> None:
    asked = [
        {
            "kind": "call",
            "secret": SECRET,
            "method": call.method,
            "target": call.target,
            "time": int(call.time),
            "nonce": call.nonce,
            "body": base64.b64encode(call.body).decode(),
        }
        for call in samples()
    ]
    theirs = php(asked)
    assert theirs == [call_signature(SECRET, call) for call in samples()]
    for call, signature in zip(samples(), theirs, strict=True):
        given = Call(
            **{name: getattr(call, name) for name in Call.__slots__} | {"signature": signature}
        )
        assert call_is_signed(("f" * 64, SECRET), given)
        assert not call_is_signed(("f" * 64,), given)
        assert not call_is_signed((), given)


CLAIMS: list[dict[str, Any]] = [
    {"site": "Ab_-0123456789xy", "uid": 1, "home": "https://obchod.example/lúka?&=/+", "to": ""},
    {"site": "x", "words": "ğış ŠČ 😀 \u2028 \"'\\/<>", "exp": 1764000060, "none": None},
    {"site": "y" * 64, "list": [1, 2, {"a": []}], "true": True},
]


def test_tokens_of_the_plugin_are_read_here_and_ours_there() -> None:
    theirs = php([{"kind": "token", "secret": SECRET, "claims": claims} for claims in CLAIMS])
    for token, claims in zip(theirs, CLAIMS, strict=True):
        assert read_token(token, ("f" * 64, SECRET)) == claims
        assert claimed_site(token) == claims["site"]
        assert read_token(token, ("f" * 64,)) is None
        for place in range(0, len(token) - 1, 7):  # the last sign has spare bits
            if token[place] != ".":
                other = "A" if token[place] != "A" else "B"
                assert read_token(token[:place] + other + token[place + 1 :], (SECRET,)) is None
    ours = [jwt.encode(claims, SECRET, algorithm="HS256") for claims in CLAIMS]
    asked = [{"kind": "verify_token", "secret": SECRET, "token": token} for token in ours]
    assert php(asked) == CLAIMS
    assert php([{**one, "secret": "f" * 64} for one in asked]) == [None] * 3


def test_return_links_are_signed_alike() -> None:
    wanted = [("Ab_-0123456789xy", 1, 1764000000), ("x", 2**53, 1)]
    asked = [
        {"kind": "return", "secret": SECRET, "site": site, "order": order, "time": time}
        for site, order, time in wanted
    ]
    theirs = php(asked)
    for (site, order, time), signature in zip(wanted, theirs, strict=True):
        assert signature == return_signature(SECRET, site, str(order), str(time))
        assert return_is_signed((SECRET,), site, str(order), str(time), signature)
        assert not return_is_signed((SECRET,), site, str(order + 1), str(time), signature)
        assert not return_is_signed((SECRET,), site, str(order), str(time + 1), signature)
        assert not return_is_signed((), site, str(order), str(time), signature)


def test_ci_does_not_go_on_without_php(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "ensure_php.py"
    python = ROOT / ".venv" / "bin" / "python"
    for ci, status in (("", 0), ("true", 1)):
        environment = {**os.environ, "PATH": str(tmp_path), "CI": ci}
        done = subprocess.run(
            [str(python), str(script)], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status
        assert "php and phpunit are not on this machine" in done.stderr
