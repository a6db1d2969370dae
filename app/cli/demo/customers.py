"""What customers do with their mails: they follow links and send forms, as a browser would."""

import email
import html
import re
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from app.channels.outbox import OutboxMailbox, StoredMail
from app.domain.ids import ActionId

_SECONDS = 15.0
_STARS = 4


class Customer:
    """Reads the outbox. What a link leads to must answer with success, or requests raises."""

    def __init__(self, outbox: Path) -> None:
        self._mailbox = OutboxMailbox(outbox)

    def mail_of(self, action_id: ActionId) -> str:
        """The mail that an action sent. Raises RuntimeError if there is none."""
        for entry in self._mailbox.list():
            if entry.headers.get("X-Afterglow-Action") == str(action_id):
                return entry.id
        raise RuntimeError(f"action {action_id} has sent no mail")

    def review(self, mail_id: str) -> None:
        """Open the form from the mail, rate everything, write something, send it."""
        link = _link(self._open(mail_id).text, r"http\S+/r/[^\s?]+")
        page = requests.get(link, timeout=_SECONDS)
        page.raise_for_status()
        form = _Form()
        form.feed(page.text)
        fields = {name: str(_STARS) for name in form.names if name.startswith("stars-")}
        for name in form.names:
            if name.startswith("text-"):
                fields[name] = f"Good work, arrived well. {name.removeprefix('text-')}"
        fields["author"] = "initial"
        requests.post(link, fields, timeout=_SECONDS).raise_for_status()

    def tap_star(self, mail_id: str) -> None:
        """Follow one star of the mail, and look at the form that it opens."""
        link = _link(html.unescape(self._open(mail_id).html), rf'http[^\s"]+stars={_STARS}')
        page = requests.get(link, timeout=_SECONDS)
        page.raise_for_status()
        item = parse_qs(urlsplit(link).query)["item"][0]
        form = _Form()
        form.feed(page.text)
        if form.checked.get(f"stars-{item}") != str(_STARS):
            raise RuntimeError("the tapped star is not filled in")

    def unsubscribe(self, mail_id: str) -> None:
        """What a mail program's own button does (RFC 8058): one POST, no page."""
        message = email.message_from_bytes(self._open(mail_id).raw, EmailMessage, policy=default)
        if message["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
            raise RuntimeError("the mail offers no one-click unsubscription")
        link = _link(str(message["List-Unsubscribe"]), r"http[^\s>]+")
        requests.post(link, {"List-Unsubscribe": "One-Click"}, timeout=_SECONDS).raise_for_status()

    def _open(self, mail_id: str) -> StoredMail:
        mail = self._mailbox.get(mail_id)
        if mail is None:
            raise RuntimeError(f"the outbox has no mail {mail_id}")
        return mail


def _link(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"the mail has no link like {pattern}")
    return found.group()


class _Form(HTMLParser):
    """Names of a form's fields, and which radios are chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.checked: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag not in ("input", "textarea") or not name:
            return
        self.names.add(name)
        if "checked" in given:
            self.checked[name] = given.get("value") or ""
