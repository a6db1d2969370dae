"""Mail: marketing at most once, transactional at least once.

The Message-ID was minted with the row. A transport that can look it up makes any repeat harmless;
where it cannot (plain SMTP) a lost answer leaves marketing mail `uncertain` and never resent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.channels.base import ADDRESS_REFUSED, OutgoingMail
from app.channels.messages import Mail
from app.channels.render import render
from app.channels.texts import Refusal
from app.db.tenant import ShopData
from app.domain.errors import Refused
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.effects.base import Outcome, Unknowable, Work

TEXT_REFUSED = "text_refused"
"""Problem: a text of the merchant's could not be used; the mail went out in our words."""


@dataclass(frozen=True)
class Letter:
    """A composed mail and where it goes."""

    mail: Mail
    to_address: str
    to_name: str | None
    from_name: str
    reply_to: str | None
    unsubscribe_url: str | None = None


@dataclass(frozen=True)
class MailEffect:
    """Sends one kind of mail; `compose` writes its content from the action."""

    compose: Callable[[Work], Letter]
    marketing: bool

    @property
    def repeatable(self) -> bool:
        """A receipt twice is a nuisance, a lost one breaks a promise; adverts are the reverse."""
        return not self.marketing

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """Ask the transport for the Message-ID."""
        known = work.rt.mail.lookup(str(work.action.payload["message_id"]))
        if known is None:
            return Unknowable()
        return self._sent(work) if known else None

    def execute(self, work: Work) -> Outcome:
        """Compose, render and hand over."""
        letter = self.compose(work)
        with work.rt.db.read() as uow:
            own = ShopData(uow, work.shop.id).templates.current(letter.mail.kind, letter.mail.lang)
        words = render(letter.mail, own.texts if own else None)
        message = OutgoingMail(
            message_id=str(work.action.payload["message_id"]),
            date=work.now,
            from_name=letter.from_name,
            from_address=work.rt.mail_from,
            reply_to=letter.reply_to,
            to_address=letter.to_address,
            to_name=letter.to_name,
            subject=words.subject,
            html=words.html,
            text=words.text,
            kind=work.action.kind,
            lang=letter.mail.lang,
            marketing=self.marketing,
            unsubscribe_url=letter.unsubscribe_url,
            headers={"X-Afterglow-Action": str(work.action.id)},
        )
        try:
            work.rt.mail.send(message)
        except Refused as error:
            if error.code == ADDRESS_REFUSED and self.marketing:
                self._suppress(work, letter.to_address)
            raise
        return self._sent(work, _problem(letter.mail, words.refused))

    def _sent(self, work: Work, problem: dict[str, Any] | None = None) -> Outcome:
        def note(data: ShopData) -> None:
            data.messages.settle(work.action.id, "sent")
            if problem:
                data.problems.open(TEXT_REFUSED, problem, work.now)

        return Outcome(Reason.of(ReasonCode.SENT), note)

    def _suppress(self, work: Work, address: str) -> None:
        """A mailbox that does not exist is never written to again."""
        with work.rt.db.write() as uow:
            customers = ShopData(uow, work.shop.id).customers
            if value_hash := customers.email_hash(address):
                customers.suppress(value_hash, ADDRESS_REFUSED, work.now)


def _problem(mail: Mail, refused: Mapping[str, Refusal]) -> dict[str, Any] | None:
    """What to tell of texts that were not used: which, where and why; nothing of the mail."""
    for slot, refusal in refused.items():
        return {
            "message": mail.kind,
            "language": mail.lang,
            "slot": slot,
            "why": refusal.why,
            "line": refusal.line,
            "column": refusal.column,
            "params": dict(refusal.params),
        }
    return None
