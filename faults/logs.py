"""What the logs of the processes say of bugs."""

import json
from pathlib import Path
from typing import Any

from faults.findings import UNEXPLAINED, Verdict

# What faults from outside look like has names of its own: these are mistakes in a program.
_MISTAKES = {
    "AssertionError", "AttributeError", "Bug", "IndexError", "KeyError", "NameError",
    "NotImplementedError", "RecursionError", "TypeError", "UnboundLocalError", "ValueError",
    "ZeroDivisionError",
}  # fmt: skip


def judge_logs(logs: Path, verdict: Verdict) -> None:
    """Each line `….bug` is a finding, and each job that ended with a mistake."""
    for path in sorted(logs.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            told = _json(line)
            event, error = str(told.get("event", "")), told.get("error")
            if event.endswith(".bug") or (event == "job.failed" and error in _MISTAKES):
                about = {k: v for k, v in told.items() if k not in ("timestamp", "request_id")}
                verdict.add(UNEXPLAINED, f"a bug in {path.name}: {about}")
            elif event == "job.failed":
                verdict.explained[f"job failed: {error}"] += 1
            elif line.startswith("Traceback"):
                verdict.explained[f"traceback in {path.name}"] += 1


def tells_of_trouble(line: str) -> bool:
    """Whether a line has to outlive a log that is begun anew."""
    event = str(_json(line).get("event", ""))
    return event.endswith(".bug") or event == "job.failed" or line.startswith("Traceback")


def _json(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
