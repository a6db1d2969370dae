"""What customers and merchants of the demo do about returns, over HTTP as their browsers would."""

import re
import time
from dataclasses import dataclass
from html.parser import HTMLParser

import requests

from app.channels.outbox import OutboxEntry, OutboxMailbox
from app.cli.demo.drivers import Store
from app.cli.demo.stores import hidden_fields, prove
from app.db.returns import ReturnRow
from app.deps import Deps
from app.domain.actions import ActionKind
from app.domain.returns import ReturnReason

_SECONDS = 15.0
_MAIL_SECONDS = 20.0  # until a code arrives
_WORDS = "We looked at the pictures that you sent."


@dataclass(frozen=True)
class Order:
    """An order as its customer knows it, and the shop's pages for customers."""

    shop_url: str  # …/c/<shop>
    number: str
    email: str
    name: str


class ReturnsDesk:
    """A customer at the pages of returns. What is asked for must be taken, or requests raises."""

    def __init__(self, mailbox: OutboxMailbox) -> None:
        self._mailbox = mailbox

    def ask(self, order: Order, reason: ReturnReason) -> None:
        """Look the order up, prove the address with the code, ask for everything back."""
        page = self._portal(order)
        lines = _offered(page.text)
        fields: list[tuple[str, str]] = [("do", "send")]
        for line_id in lines:
            fields += [
                ("item", line_id),
                (f"quantity-{line_id}", "1"),
                (f"reason-{line_id}", reason),
            ]
        if not lines:
            raise RuntimeError("the page offers nothing to send back")
        requests.post(page.url, fields, timeout=_SECONDS).raise_for_status()

    def keep(self, mail_id: str) -> None:
        """Follow the link of a mail about a return, and cancel it there."""
        mail = self._mailbox.get(mail_id)
        found = re.search(r"http\S+/return-status/\S+", mail.text) if mail else None
        if found is None:
            raise RuntimeError(f"the mail {mail_id} leads to no return")
        requests.post(found.group(), {"do": "cancel"}, timeout=_SECONDS).raise_for_status()

    def withdraw(self, order: Order) -> None:
        """Without any link: declare the withdrawal, confirm it."""
        told = {"name": order.name, "number": order.number, "email": order.email, "goods": ""}
        url = f"{order.shop_url}/withdraw"
        for step in ("declare", "confirm"):
            answer = requests.post(url, {**told, "do": step}, timeout=_SECONDS)
            answer.raise_for_status()

    def _portal(self, order: Order) -> requests.Response:
        told = {"number": order.number, "email": order.email}
        seen = {mail.id for mail in self._codes(order.email)}
        asked = requests.post(f"{order.shop_url}/return", told, timeout=_SECONDS)
        asked.raise_for_status()
        opened = requests.post(asked.url, {"code": self._code(order, seen)}, timeout=_SECONDS)
        opened.raise_for_status()
        return opened

    def _code(self, order: Order, seen: set[str]) -> str:
        """The digits of the code mail that is not among those seen."""
        deadline = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < deadline:
            for entry in self._codes(order.email):
                mail = self._mailbox.get(entry.id) if entry.id not in seen else None
                if mail and (digits := re.search(r"\b\d{6}\b", mail.text)):
                    return digits.group()
            time.sleep(0.1)
        raise RuntimeError(f"no code came within {_MAIL_SECONDS:.0f} s")

    def _codes(self, email: str) -> list[OutboxEntry]:
        return [
            entry
            for entry in self._mailbox.list()
            if entry.kind == ActionKind.RETURN_CODE_MAIL and entry.to_address == email
        ]


def decide(deps: Deps, store: Store, browser: requests.Session, row: ReturnRow, step: str) -> None:
    """The merchant opens a return and presses a button: approve or decline."""
    prove(store, browser)
    page = f"{deps.settings.public_url}/app/returns/{row.id}"
    opened = browser.get(page, timeout=_SECONDS)
    opened.raise_for_status()
    form = {**hidden_fields(opened.text), "revision": str(row.revision), "answer": _WORDS}
    browser.post(f"{page}/{step}", form, timeout=_SECONDS).raise_for_status()


def _offered(page: str) -> list[str]:
    """The lines that a page offers to send back."""
    reader = _Items()
    reader.feed(page)
    return reader.items


class _Items(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.items: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("name") == "item" and given.get("value"):
            self.items.append(str(given["value"]))
