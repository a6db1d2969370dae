"""The plugin in this store: its real PHP, run once per request on a small WordPress.

Where there is no PHP, or no plugin beside this package (it is not part of the wheel), a stand-in
answers instead and says so on its page. Options and the switch of the list of plugins are kept
with everything else that the store remembers.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from twins.common.state import Document
from twins.woocommerce import plugin_stand_in
from twins.woocommerce.rest import MANAGERS
from twins.woocommerce.store import Store, random_text

HERE = Path(__file__).parent
FOLDER = HERE.parents[1] / "wordpress" / "afterglow"
NAMESPACE = "wc-afterglow/v1"
_HOST = HERE / "wordpress" / "host.php"
_STRICT = ("-d", "display_errors=stderr", "-d", "error_reporting=-1", "-d", "log_errors=0")
_TIMEOUT_SECONDS = 30
_APPROVED = {"approved": "1", "hold": "0"}  # as WordPress keeps a comment's status
_WORDS = {"approved": "approved", "hold": "unapproved"}  # as it names the status in hooks


class PluginError(Exception):
    """The plugin ended with a PHP error; its text is PHP's."""


class PluginHost:
    """Runs the plugin for one store. `php` False: the stand-in, whatever the machine has."""

    def __init__(self, store: Store, *, php: bool = True) -> None:
        self._store = store
        self._php = shutil.which("php") if php and (FOLDER / "afterglow.php").is_file() else None

    @property
    def real(self) -> bool:
        """Whether it is the plugin itself that answers."""
        return self._php is not None

    @property
    def active(self) -> bool:
        """Whether the plugin is switched on in the store."""
        return is_active(self._store)

    @property
    def options(self) -> Document:
        """What the plugin keeps in WordPress's options."""
        return dict(_stored(self._store)["options"])

    def switch(self, *, on: bool) -> None:
        """Activate or deactivate it; its options stay."""
        with self._store.locked():
            self._store.state.put("plugin", "afterglow", _stored(self._store) | {"active": on})

    def uninstall(self) -> None:
        """Deactivate and delete it, as the list of plugins does."""
        self.switch(on=False)
        self.run("uninstall")

    def run(self, do: str, user: Document | None = None, **asked: Any) -> Document:
        """One request to the plugin: see wordpress/host.php. Fires what it fires."""
        request = self._site(user) | asked | {"do": do}
        answer = self._run_php(request) if self._php else plugin_stand_in.answer(request)
        with self._store.locked():
            stored = _stored(self._store)
            if answer["options"] != request["options"]:
                self._store.state.put(
                    "plugin", "afterglow", stored | {"options": answer["options"]}
                )
            for webhook_id in set(request["webhooks"]) - set(answer["webhooks"]):
                self._store.state.delete("webhook", webhook_id)
        for name, argument in answer["fired"]:
            self._store.fire(f"action.{name}", argument)
        return answer

    def fired(self, topic: str, arg: Any) -> None:
        """WordPress's own hooks that the plugin listens to."""
        if not self.active:
            return
        if topic == "fulfillment.fulfilled":
            self.run("fulfilled", order_id=arg)
        elif topic in ("comment.inserted", "comment.changed"):
            self._comment(topic, arg)

    def _comment(self, topic: str, arg: Any) -> None:
        review, before = arg
        comment = {
            "id": review["id"],
            "type": "review",
            "approved": _APPROVED.get(review["status"], review["status"]),
        }
        changes: Document = {}
        if topic == "comment.changed":
            changes = {"after": _word(review["status"]), "before": _word(before)}
        self.run("comment", comment=comment, **changes)

    def _site(self, user: Document | None) -> Document:
        with self._store.locked():
            stored = _stored(self._store)
            self._store.state.put("plugin", "afterglow", stored)
            hooks = {str(w["id"]): w["delivery_url"] for w in self._store.state.all("webhook")}
        return {
            "plugin": str(FOLDER / "afterglow.php"),
            "home": self._store.home_url,
            "zone": self._store.config.timezone,
            "salt": stored["salt"],
            "options": stored["options"],
            "webhooks": hooks,
            "user": user["id"] if user else 0,
            "manager": bool(user and user["role"] in MANAGERS),
            "locale": (user or {}).get("locale", "en_US"),
        }

    def _run_php(self, request: Document) -> Document:
        done = subprocess.run(  # noqa: S603 - our own program
            [str(self._php), *_STRICT, str(_HOST)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        if done.stderr or done.returncode:
            raise PluginError(done.stderr or f"PHP ended with {done.returncode}")
        answer: Document = json.loads(done.stdout)
        return answer


def is_active(store: Store) -> bool:
    """Whether the plugin is switched on in a store."""
    return bool((store.state.get("plugin", "afterglow") or {}).get("active"))


def _stored(store: Store) -> Document:
    empty = {"active": False, "options": {}, "salt": random_text(40)}
    return store.state.get("plugin", "afterglow") or empty


def _word(status: str) -> str:
    return _WORDS.get(status, status)
