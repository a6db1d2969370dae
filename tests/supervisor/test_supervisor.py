"""The supervisor with real processes: order, output, restarts, stopping, second runs."""

import json
import signal
import subprocess
import sys

import psutil
import pytest

from tests.supervisor.conftest import ROOT, alive, eventually
from tests.supervisor.programs import python, steady


def test_each_process_starts_when_the_one_before_is_ready_and_all_stop_in_reverse_order(
    start, tmp_path
):
    journal = tmp_path / "journal.txt"
    run = start([steady("first", journal), steady("second", journal)])
    run.wait_for("all ready")
    assert run.stop(signal.SIGINT) < 10
    assert run.process.returncode == 0
    assert journal.read_text().splitlines() == [
        "first started",
        "first ready",
        "second started",
        "second ready",
        "second ended",
        "first ended",
    ]


def test_output_carries_the_name_of_its_process(start, tmp_path):
    run = start([steady("web", tmp_path / "j"), python("clock", "print('no end', end='')")])
    run.wait_for("clock | no end\n")
    assert "web   | hello from web\n" in run.output


def test_lines_that_look_like_faults_and_are_none_are_left_out(start):
    code = "print('WARNING: harmless\\nWARNING: other\\nlast', flush=True)"
    run = start([{**python("web", code), "quiet": ["harmless"]}])
    run.wait_for("web | last\n")
    assert "web | WARNING: other\n" in run.output
    assert "harmless" not in run.output


def test_a_line_of_json_is_passed_on_as_it_is(start):
    code = "import json; print(json.dumps({'event': 'x', 'process': 'web'}), flush=True)"
    run = start([python("web", f"{code}; import time; time.sleep(300)")])
    run.wait_for('\n{"event": "x", "process": "web"}\n')


def test_a_crashed_process_starts_again_and_says_so(start, tmp_path):
    crashes = (
        "import os, signal, time, pathlib\n"
        f"mark = pathlib.Path({str(tmp_path / 'crashed')!r})\n"
        "if mark.exists(): print('second life', flush=True); time.sleep(300)\n"
        "mark.touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = start([python("worker", crashes)])
    run.wait_for("worker | second life")
    assert "worker | was ended by SIGKILL; starts again in 1 s" in run.output


def test_what_a_crashed_process_left_behind_does_not_outlive_it(start):
    """A server's own workers would keep the port from the restarted server."""
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "print('left', child.pid, flush=True); os._exit(1)\n"
    )
    run = start([python("web", code)])
    run.wait_for("starts again in 1 s")
    left = int(run.output.split("left ")[1].split()[0])
    eventually(lambda: not psutil.pid_exists(left) or alive([psutil.Process(left)]) == [])


def test_a_process_that_ignores_sigterm_is_killed_within_ten_seconds(start):
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)"
    run = start([python("stubborn", f"{stubborn}; time.sleep(300)")])
    run.wait_for("up")
    processes = alive(run.descendants())
    assert run.stop(signal.SIGTERM) < 10
    assert alive(processes) == []


def test_a_process_that_fails_to_start_stops_everything_and_is_named(start, tmp_path):
    broken = {**python("web", "print('port taken'); raise SystemExit(3)"), "ready": "/nowhere"}
    run = start([steady("first", tmp_path / "journal.txt"), broken])
    assert run.process.wait(timeout=20) == 1
    assert "web   | port taken\n" in run.output
    assert "web ended with status 3 instead of starting, so everything was stopped." in run.output
    assert (tmp_path / "journal.txt").read_text().endswith("first ended\n")


def test_a_second_run_on_the_same_data_says_so_and_harms_nothing(start, tmp_path):
    specs = [steady("first", tmp_path / "journal.txt")]
    run = start(specs)
    run.wait_for("all ready")
    second = start(specs)
    assert second.process.wait(timeout=10) == 1
    assert f"already runs on {tmp_path / 'data'} (process {run.process.pid})" in second.output
    assert run.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_while_still_starting_is_obeyed(start, number):
    never = {**python("web", "print('up', flush=True); import time; time.sleep(300)")}
    run = start([{**never, "ready": "/nowhere"}])
    run.wait_for("up")
    processes = alive(run.descendants())
    assert run.stop(number) < 10
    assert alive(processes) == []
    assert "all ready" not in run.output


def test_it_stops_when_the_reader_of_its_output_is_gone(tmp_path):
    listing = tmp_path / "processes.json"
    chatty = "import time\nwhile True: print('line', flush=True); time.sleep(0.02)"
    listing.write_text(json.dumps([python("chatty", chatty)]))
    command = [
        sys.executable,
        "-m",
        "tests.supervisor.runner",
        str(tmp_path / "data"),
        str(listing),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        assert run.stdout is not None
        run.stdout.readline()
        run.stdout.close()
        run.wait(timeout=10)
