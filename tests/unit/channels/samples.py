from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.channels.base import OutgoingMail

MAIL = OutgoingMail(
    message_id="<3f9c2b7a51d84e0c@mail.afterglow.example>",
    date=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
    from_name="Çınar & Breza, s.r.o.",
    from_address="shops@mail.afterglow.example",
    reply_to="ahoj@cinar-breza.example",
    to_address="zofia.novakova@posta.example",
    to_name="Žofia Nováková",
    subject="Žofia, how is your Peştemal Ege?",
    html="<p>" + "How are your things, Žofia? " * 60 + "</p>",
    text=".first line\nHow are your things, Žofia?\n..\n",
    kind="review_request",
    lang="en",
    marketing=True,
    unsubscribe_url="https://afterglow.example/u/" + "Ab-9_" * 50,
    unsubscribe_mailto="mailto:stop@mail.afterglow.example?subject=" + "k7" * 30,
    headers={"X-Afterglow-Action": "act_91827"},
)


def mail(**fields: Any) -> OutgoingMail:
    """A valid review request with the named fields changed."""
    return replace(MAIL, **fields)
