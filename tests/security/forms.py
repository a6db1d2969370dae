"""A page's forms, filled in as somebody with a browser would, and everything that sends them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Attributes = Mapping[str, str | None]
Body = dict[str, list[str]]


@dataclass
class Form:
    """Where it is sent, with which entries; its buttons, each with its own address and entry."""

    action: str
    entries: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)

    def sendings(self) -> list[tuple[str, Body]]:
        """Address and body for each button."""
        found = []
        for own, pressed in self.buttons or [("", [])]:
            body: Body = {}
            for name, value in (*self.entries, *pressed):
                body.setdefault(name, []).append(value)
            found.append((own or self.action, body))
        return found


class _Forms(HTMLParser):
    """Whatever is not filled in gets the first choice, or what `words` says of its name."""

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._words = words
        self._form: Form | None = None
        self._named: dict[str, Form] = {}  # for what stands outside of the form that it belongs to
        self._radios: dict[str, tuple[str, bool]] = {}
        self._options: list[tuple[str, bool]] = []
        self._name = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            posts = (given.get("method") or "").lower() == "post"
            self._form = Form(given.get("action") or "") if posts else None
            if self._form:
                self.forms.append(self._form)
                self._named[given.get("id") or ""] = self._form
        elif "disabled" not in given:
            begin = {"input": self._input, "button": self._button, "option": self._option}
            form = self._named.get(given.get("form") or "-", self._form)
            if tag in begin and form:
                begin[tag](form, given)
            elif tag in ("select", "textarea"):
                self._name, self._text, self._options = given.get("name") or "", "", []

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._form is None:
            return
        if tag == "textarea":
            self._add(self._form, self._name, self._text.removeprefix("\n"))
        elif tag == "select" and self._options:
            chosen = [value for value, selected in self._options if selected]
            filled = [value for value, _ in self._options if value]
            self._add(self._form, self._name, (chosen or filled or [""])[0])
        elif tag == "form":
            for name, (value, _) in self._radios.items():
                self._add(self._form, name, value)
            self._form, self._radios = None, {}

    def _add(self, form: Form, name: str, value: str) -> None:
        if name:
            form.entries.append((name, value or self._words.get(name.partition("-")[0], "")))

    def _input(self, form: Form, given: Attributes) -> None:
        name, kind = given.get("name") or "", given.get("type") or "text"
        value, checked = given.get("value"), "checked" in given
        if kind == "radio":
            known = self._radios.get(name)
            if known is None or (checked and not known[1]):
                self._radios[name] = (value or "on", checked)
        elif kind == "checkbox":
            if checked or "required" in given or name in self._words:
                self._add(form, name, value or "on")
        elif kind in ("submit", "image"):
            self._button(form, given)
        else:
            self._add(form, name, value or "")

    def _button(self, form: Form, given: Attributes) -> None:
        if (given.get("type") or "submit") == "submit":
            name, value = given.get("name"), given.get("value") or ""
            pressed = [(name, value)] if name else []
            form.buttons.append((given.get("formaction") or "", pressed))

    def _option(self, _form: Form, given: Attributes) -> None:
        self._options.append((given.get("value") or "", "selected" in given))


def forms_of(html: str, words: Mapping[str, str] | None = None) -> list[Form]:
    """All forms of a page that are sent by POST. `words`: what to write where nothing stands."""
    reader: Any = _Forms(words or {})
    reader.feed(html)
    return list(reader.forms)
