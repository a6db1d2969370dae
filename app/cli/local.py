"""Commands beside a running `afterglow run` mean the same installation as it does."""

import os
from pathlib import Path

from app.cli.demo.environment import use_if_unconfigured
from app.config import Settings, load_settings
from app.logs import configure_logging
from app.supervisor.valkey import answers, local_valkey


def settings_here() -> Settings:
    """Without settings of one's own, the demo that last ran; without REDIS_URL, its own Valkey.

    What the command has to say it prints; the log of what it does along the way is no part of it.
    """
    use_if_unconfigured()
    data_dir = Path(os.environ.get("DATA_DIR", "var"))
    if "REDIS_URL" not in os.environ and (data_dir / "valkey").is_dir():
        url = local_valkey(data_dir).url
        if answers(url):
            os.environ["REDIS_URL"] = url
    settings = load_settings()
    quiet = {"log_level": "CRITICAL", "log_format": "console"}
    configure_logging(settings.model_copy(update=quiet), "command")
    return settings
