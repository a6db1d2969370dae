"""What customers do on our pages, over HTTP; each customer comes from an address of their own."""

import re
from html.parser import HTMLParser
from typing import Any

import requests
from requests.adapters import HTTPAdapter

SECONDS = 15.0


class NotNow(Exception):
    """The page could not be had, or said that it cannot take this just now: tried again later."""


class _From(HTTPAdapter):
    """Connects from one address of loopback: limits count by address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, source_address=(self._address, 0), **named)


class Customer:
    """One person with a browser."""

    def __init__(self, number: int) -> None:
        self._session = requests.Session()
        self._session.mount(
            "http://",
            _From(f"127.{10 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"),
        )

    def review(self, link: str, words: str) -> list[str]:
        """Rate everything that the form offers; returns the texts that were sent."""
        form = _Form(self._get(link))
        names = sorted(name for name in form.names if name.startswith("stars-"))
        if not names:
            raise NotNow("the form offers nothing")
        texts = {
            f"text-{name.removeprefix('stars-')}": f"{words} {n}." for n, name in enumerate(names)
        }
        self._post(link, {**dict.fromkeys(names, "4"), **texts, "author": "initial"})
        return list(texts.values())

    def unsubscribe(self, link: str) -> None:
        """What a mail program's own button does (RFC 8058)."""
        self._post(link, {"List-Unsubscribe": "One-Click"})

    def send_back(self, link: str) -> bool:
        """Ask for everything to be taken back; False if the page offers nothing (any more)."""
        page = self._get(link)
        items = [value for name, value in _Form(page).fields if name == "item" and value]
        if not items:
            return False
        fields: list[tuple[str, str]] = [("do", "send")]
        for item in items:
            fields += [("item", item), (f"quantity-{item}", "1"), (f"reason-{item}", "too_small")]
        try:
            answer = self._session.post(link, fields, timeout=SECONDS)
        except requests.RequestException as error:
            raise NotNow(type(error).__name__) from error
        if answer.status_code == 409:  # it was taken, and its answer was lost
            return False
        _check(answer)
        return True

    def withdraw(self, link: str) -> None:
        """Declare the withdrawal from the whole order."""
        answer = self._post(f"{link}/withdraw", {})
        if "/return-status/" not in answer.url:  # the order is not known here yet
            raise NotNow("the order is not known yet")

    def _get(self, url: str) -> str:
        try:
            return _check(self._session.get(url, timeout=SECONDS)).text
        except requests.RequestException as error:
            raise NotNow(type(error).__name__) from error

    def _post(self, url: str, fields: dict[str, str]) -> requests.Response:
        try:
            return _check(self._session.post(url, fields, timeout=SECONDS))
        except requests.RequestException as error:
            raise NotNow(type(error).__name__) from error


def _check(answer: requests.Response) -> requests.Response:
    if answer.status_code >= 400:
        raise NotNow(f"{answer.status_code} {re.sub(r'/[^/]{30,}', '/…', answer.url)}")
    return answer


class _Form(HTMLParser):
    """Names and values of a page's controls."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.feed(page)

    @property
    def names(self) -> set[str]:
        """All names."""
        return {name for name, _value in self.fields}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("input", "textarea", "select") and (name := given.get("name")):
            self.fields.append((name, given.get("value") or ""))
