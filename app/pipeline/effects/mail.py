"""Mail: marketing at most once, transactional at least once.

The Message-ID was minted with the row. A transport that can look it up makes any repeat harmless;
where it cannot (plain SMTP) a lost answer leaves marketing mail `uncertain` and never resent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.channels.base import ADDRESS_REFUSED, OutgoingMail
from app.channels.messages import Mail
from app.channels.render import render
from app.db.tenant import ShopData
from app.domain.errors import Refused
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.effects.base import Outcome, Unknowable, Work


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
        words = render(letter.mail)
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
        return self._sent(work)

    def _sent(self, work: Work) -> Outcome:
        def note(data: ShopData) -> None:
            data.messages.settle(work.action.id, "sent")

        return Outcome(Reason.of(ReasonCode.SENT), note)

    def _suppress(self, work: Work, address: str) -> None:
        """A mailbox that does not exist is never written to again."""
        with work.rt.db.write() as uow:
            customers = ShopData(uow, work.shop.id).customers
            if value_hash := customers.email_hash(address):
                customers.suppress(value_hash, ADDRESS_REFUSED, work.now)
