"""What all merchant pages share: the reader's words and times, states with icons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates
from flask import Response, g, render_template, request

from app.automations.words import outcome
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import Reason
from app.embedded_ui.session import MerchantSession
from app.http import allow, current_deps
from app.i18n import Language, Translator, negotiate
from app.i18n.reasons import explain

# Tone and icon of each state; the word beside them alone must be enough.
_SIGNS = {
    ActionState.PLANNED: ("busy", "clock"),
    ActionState.PERFORMING: ("busy", "clock"),
    ActionState.DEFERRED: ("busy", "clock"),
    ActionState.BLOCKED: ("warn", "pause"),
    ActionState.UNCERTAIN: ("warn", "question"),
    ActionState.DONE: ("good", "check-circle"),
    ActionState.SKIPPED: ("idle", "skip"),
    ActionState.CANCELLED: ("idle", "skip"),
    ActionState.MISSED: ("idle", "skip"),
    ActionState.FAILED: ("bad", "stop"),
}


# CLDR shortens Turkish weekdays beside a month; with a place for the year.
_DAYS: dict[Language, str] = {
    "en": "EEEE, d MMMM{}",
    "tr": "d MMMM{} EEEE",
    "sk": "EEEE d. MMMM{}",
}


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as it is shown."""

    tone: str
    icon: str
    word: str  # message id


def sign(kind: ActionKind, state: ActionState) -> Sign:
    """How an action stands."""
    return Sign(*_SIGNS[state], outcome(kind, state))


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is written: a language, the shop's zone, business time."""

    words: Translator
    zone: ZoneInfo
    now: datetime

    def because(self, reason: Reason) -> str:
        """A reason's words, after a colon."""
        return explain(reason, self.words, self.zone)

    def short(self, at: datetime) -> str:
        """`23 Nov, 11:40`; with the year where it is not this one."""
        local, today = at.astimezone(self.zone), self.now.astimezone(self.zone)
        skeleton = "MMMd" if local.year == today.year else "yMMMd"
        day = dates.format_skeleton(skeleton, local, locale=self.words.locale)
        return f"{day}, {local:%H:%M}"

    def long_day(self, at: datetime) -> str:
        """`Monday, 23 November`, as a heading."""
        local, today = at.astimezone(self.zone), self.now.astimezone(self.zone)
        pattern = _DAYS[self.words.language].format("" if local.year == today.year else " y")
        text = dates.format_datetime(local, pattern, tzinfo=self.zone, locale=self.words.locale)
        return text[:1].upper() + text[1:]

    def iso(self, at: datetime) -> str:
        """For machines, in the shop's zone."""
        return at.astimezone(self.zone).isoformat(timespec="minutes")


def reader_of(merchant: MerchantSession) -> Reader:
    """The reader of this request; templates speak the same language."""
    g.language = negotiate(request.args.get("lang") or request.headers.get("Accept-Language"))
    zone = ZoneInfo(merchant.shop.timezone)
    return Reader(Translator(g.language), zone, current_deps().business.now())


def with_mail(merchant: MerchantSession, body: str, status: int = 200) -> Response:
    """A page with a mail in it.

    The mail has its styles inline; it stands in a sandboxed frame that inherits the page's policy.
    Inside Shopify the policy allows them already.
    """
    response = Response(body, status, mimetype="text/html")
    styled = allow(response, style_src="'self' 'unsafe-inline'")
    return styled if merchant.host == "woocommerce" else response


@dataclass(frozen=True, slots=True)
class Places:
    """Pages that a shop links to from its own menu or footer."""

    ask: str
    withdraw: str


def places_of(merchant: MerchantSession) -> Places:
    """Where this shop's customers ask for a return, and where they withdraw."""
    below = f"{current_deps().links.public_url}/c/{merchant.shop.public_ref}"
    return Places(f"{below}/return", f"{below}/withdraw")


def page(template: str, reader: Reader, **values: Any) -> str:
    """A page for its reader. `done` in the address names what was just done."""
    return render_template(
        template,
        reader=reader,
        zone=reader.zone,
        now=reader.now,
        done=request.args.get("done", ""),
        **values,
    )
