"""Runs a Supervisor over the processes of a JSON file, for tests to watch, to stop and to kill."""

import json
import sys
from pathlib import Path

from app.supervisor.processes import ProcessSpec
from app.supervisor.supervisor import Supervisor
from app.supervisor.valkey import local_valkey


def main(data_dir: Path, listing: Path) -> None:
    specs = []
    for entry in json.loads(listing.read_text()):
        if entry["name"] == "valkey":
            valkey = local_valkey(data_dir)
            specs += [valkey.process] if valkey.process else []
        else:
            ready = Path(entry["ready"]).exists if "ready" in entry else None
            quiet = tuple(part.encode() for part in entry.get("quiet", ()))
            specs.append(ProcessSpec(entry["name"], entry["argv"], ready=ready, quiet=quiet))
    try:
        Supervisor(specs, data_dir).run(lambda: print("all ready", flush=True))
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
