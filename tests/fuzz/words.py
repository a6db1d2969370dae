"""Targets: what people type and stores write: addresses, amounts, merchants' texts, ways back."""

import re
import time
from decimal import Decimal, InvalidOperation
from functools import cache
from urllib.parse import urljoin, urlsplit

from flask import Flask

from app.channels.messages import MilestoneCouponMail, ReviewRequestMail
from app.channels.render import render
from app.channels.texts import FILTERS, SLOTS, TAGS, check, normalised
from app.customer_pages.fields import line, plain
from app.domain.emails import canonical_email
from app.domain.money import Money, MoneyError, exponent
from app.embedded_ui import returns
from app.embedded_ui.returns.pages import back_to, shown
from app.i18n import Translator
from app.services.plugin.entry import page_named
from app.shopify_frame import own_address
from tests.fuzz.dice import Dice
from tests.fuzz.mutation import ODD, mutated_bytes
from tests.unit.channels.samples import coupon, review_request

PATIENCE = 2.0  # seconds of the processor; what is measured takes milliseconds


def money(data: bytes) -> None:
    """An amount is what Decimal says, rounded half up, or refused."""
    dice = Dice(data)
    currency = dice.pick(("EUR", "JPY", "KWD", "eur", dice.text()))
    amount = dice.pick((mutated_bytes(dice, b"-19.995e2").decode("latin-1"), dice.text()))
    odd = dice.pick([*(each for each in ODD if isinstance(each, str)), amount])
    try:
        read = Money.parse(dice.pick((amount, odd)) if dice.below(4) else 10 ** dice.below(40),
                           currency)  # fmt: skip
    except MoneyError:
        return
    assert re.fullmatch(r"[A-Z]{3}", read.currency)
    assert abs(read.minor) < 2**63
    assert read == Money.parse(read.decimal(), read.currency)
    if not dice.below(4):
        return
    try:
        true = Decimal(amount)
    except InvalidOperation:
        return
    try:
        read = Money.parse(amount, currency)
    except MoneyError:
        return
    assert abs(read.decimal() - true) * 2 <= Decimal(1).scaleb(-exponent(read.currency))


def addresses(data: bytes) -> None:
    """A canonical address is its own canonical address, one line of plain text, and comparable."""
    dice = Dice(data)
    base = dice.pick(("Žofia@Example.sk", "a@b.example", "İ@ß.de", "x@xn--nxasmq6b.com", ""))
    text = dice.pick((mutated_bytes(dice, base.encode()).decode("utf-8", "replace"), dice.text()))
    began = time.process_time()
    found = canonical_email(dice.pick((text, text * 40, dice.text() + text)))
    assert time.process_time() - began < PATIENCE
    if found is not None:
        assert canonical_email(found) == found
        assert canonical_email(f" {found}\n") == found
        local, _, domain = found.rpartition("@")
        assert local
        assert domain.isascii()
        assert not re.search(r"[\s\x00-\x1f\x7f,;<>]", found)
    typed = line(text)
    assert typed == line(typed)
    assert "\n" not in typed
    assert plain(plain(text)) == plain(text)
    plain(text).encode()


_PARTS = (
    "{{", "}}", "{%", "%}", "{{ first_name }}", "{{ items }}", " | ", "item", "order_number",
    "if", "endif", "for x in items", "endfor", "assign a = ", "else", "case x", "when 1", "endcase",
    "unless", "endunless", "comment", "endcomment", "(1..9)", "(1..999999999)", "items[0]",
    "items.first", "'", '"', ":", ",", "==", "contains", "and", "not", "nil", "true", "empty",
    "<b>", "</b>", "<a href=", "https://x.example", "javascript:alert(1)", ">", "<!--", "-->",
    "&lt;", "\n\n", "- x", "99999999999999999999", "1.5e9", "-", "[", "]", "(", ")", ".", "..",
    *sorted(FILTERS), *sorted(TAGS), *(f"{{% {tag} %}}" for tag in sorted(TAGS)),
    *(f"{{{{ first_name | {name}: 2, 'x' }}}}" for name in sorted(FILTERS)),
)  # fmt: skip
_RUNS = re.compile(r"""<script|<[^>]*\b(?:href|src)\s*=\s*["']?\s*javascript:""", re.IGNORECASE)
_MAILS = {ReviewRequestMail: review_request, MilestoneCouponMail: coupon}


def templates(data: bytes) -> None:
    """A merchant's text is used or refused with a reason: never an error, and at once."""
    dice = Dice(data)
    kind, slot = dice.pick(list(_MAILS)), SLOTS[dice.pick(sorted(SLOTS))]
    many = 1 + dice.below(40)
    pieces = [dice.pick((*_PARTS, None)) for _ in range(1 + dice.below(40))]
    source = " ".join(dice.text() if piece is None else piece for piece in pieces)
    source = normalised(source * many)[: slot.longest + 10]
    began = time.process_time()
    why = check(slot, source, kind.fields, Translator(dice.pick(("en", "tr", "sk"))))
    rendered = render(_MAILS[kind](), {slot.name: source} if source else {})
    took = time.process_time() - began
    assert took < PATIENCE, f"{took:.1f} s"
    if source and why is None:
        assert not rendered.refused, "a text that was saved is refused when it is sent"
    assert not _RUNS.search(rendered.html)
    assert "\n" not in rendered.subject
    assert "\r" not in rendered.subject


@cache
def _app() -> Flask:
    app = Flask(__name__)
    app.register_blueprint(returns.blueprint)
    return app


def ways_back(data: bytes) -> None:
    """Wherever a form or a store sends a browser, it stays on our own pages."""
    dice = Dice(data)
    wish = dice.pick((dice.text(), "//evil.example", "/app/../../x", "\\\\evil.example", "queue"))
    named = page_named(dice.pick((wish, f"/app/{wish}", "/connect" + wish, 7, None)))
    _is_ours(named, ("/app/", "/connect"))
    query = {"back": dice.pick(("queue", wish)), "q": dice.text(), "shop": wish, wish: dice.text()}
    safe = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    with _app().test_request_context("/app/returns/undo", method="POST", data=safe):
        _is_ours(back_to("/app/returns/7"), ("/app/returns",))
        assert shown([wish, "1:2"])[-1:] == shown(["1:2"])
    with _app().test_request_context("/app/returns/", query_string=safe):
        address = own_address()
        _is_ours(address, ("/app/returns/",))
        assert "shop=" not in urlsplit(address).query.replace(f"{wish}=", "")


def _is_ours(address: str, beginnings: tuple[str, ...]) -> None:
    """As a browser reads it: it takes `\\` for `/`, and leaves line breaks and tabs out."""
    seen = re.sub(r"[\t\r\n]", "", address).replace("\\", "/")
    resolved = urlsplit(urljoin("https://afterglow.example/here", seen))
    assert (resolved.scheme, resolved.netloc) == ("https", "afterglow.example"), address
    assert resolved.path.startswith(beginnings), address
    assert "\n" not in address
    assert "\r" not in address
