"""`afterglow demo --once`: everything as real processes, one scenario, one verdict."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.bootstrap import build_deps
from app.cli.demo import end, scenario
from app.cli.demo.environment import free_ports, use
from app.cli.demo.play import Play
from app.cli.run import READY
from app.config import load_settings
from app.supervisor.processes import die_with_parent
from app.supervisor.valkey import local_valkey

_START_SECONDS = 150.0  # all processes after each other, on a busy machine
_STOP_SECONDS = 20.0
_BEGAN = time.monotonic()


def run(options: argparse.Namespace) -> None:
    """Play and compare. Exits with 1 unless the end is the expected one."""
    wanted = scenario.load()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped before the end."))
    data_dir = Path(tempfile.mkdtemp(prefix="afterglow demo "))  # a space, as many paths have one
    try:
        with _everything(data_dir):
            played = Play(build_deps(load_settings()), _say)
            played.run(wanted)
            was = end.read(played)
    finally:
        if options.keep:
            _say(f"kept: {data_dir}")
        else:
            shutil.rmtree(data_dir, ignore_errors=True)
    should = end.expected(wanted)
    if options.json:
        print(json.dumps(was, indent=2, ensure_ascii=False, sort_keys=True))
    differences = list(end.differences(should, was))
    for line in differences:
        _say(line)
    _say("The end differs from the scenario." if differences else "The end is the expected one.")
    sys.exit(1 if differences else 0)


@contextmanager
def _everything(data_dir: Path) -> Iterator[None]:
    """`afterglow run --demo`, stores not connected yet, until the block ends."""
    ports = free_ports()
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    os.environ["DATA_DIR"] = str(data_dir)
    use(ports)
    numbers = map(str, (ports.web, ports.shopify, ports.woocommerce))
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "app.cli", "run", "--demo", "--unconnected", "--ports", *numbers],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads yet
    )
    ready = threading.Event()
    reader = threading.Thread(target=_pass_on, args=(process, ready), daemon=True)
    reader.start()
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not ready.wait(0.1):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Afterglow did not start; its lines above say why.")
        os.environ["REDIS_URL"] = local_valkey(data_dir).url
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()  # its guardian ends the rest
            process.wait()
        reader.join()


def _pass_on(process: "subprocess.Popen[str]", ready: threading.Event) -> None:
    for line in process.stdout or ():
        sys.stderr.write(line)
        if line.startswith(READY):
            ready.set()


def _say(line: str) -> None:
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {line}", file=sys.stderr, flush=True)
