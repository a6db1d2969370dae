"""A ruling as a merchant reads it: each rule, what it saw, what came of it; then the verdict."""

from dataclasses import dataclass

from app.automations.returns_approval import ReturnsApprovalSettings
from app.automations.returns_approval.rules import AnyRule
from app.domain.returns import Finding, ReturnOutcome, Ruling
from app.embedded_ui.returns.words import OUTCOMES, result_of, said, title_of
from app.embedded_ui.view import Reader
from app.i18n import N_, Translator

_TRIED = {
    None: "met",
    ReturnOutcome.APPROVE: "met",
    ReturnOutcome.DECLINE: "not-met",
    ReturnOutcome.HOLD: "left",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """One line, in the reader's language. `state` is the kit's: met, not-met, left, not-tried."""

    state: str
    given: str
    tried: str
    result: str
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """All lines, and the last one: tone and icon, verdict, why."""

    lines: tuple[Tried, ...]
    tone: str
    icon: str
    verdict: str
    because: str


def trace_of(
    ruling: Ruling, settings: ReturnsApprovalSettings | None, reader: Reader, currency: str
) -> Trace:
    """Word a ruling. `settings`: those under which it was made, where they are on record."""
    rules = dict(settings.named_rules()) if settings else {}
    lines = [_line(finding, rules, ruling, reader, currency) for finding in ruling.findings]
    if rest := _not_tried(ruling, rules, reader):
        lines.append(rest)
    tone, icon, verdict = OUTCOMES[ruling.outcome]
    return Trace(
        tuple(lines),
        tone,
        icon,
        reader.words.gettext(N_("%(verdict)s:"), verdict=reader.words.gettext(verdict)),
        reader.because(ruling.reason),
    )


def _line(
    finding: Finding, rules: dict[str, AnyRule], ruling: Ruling, reader: Reader, currency: str
) -> Tried:
    rule = rules.get(finding.rule)
    words = reader.words
    return Tried(
        _TRIED[finding.outcome],
        sentence(reader.because(finding.saw), words),
        said(rule, words, currency) if rule else words.gettext(title_of(finding.rule)),
        words.gettext(result_of(finding)),
        decides=finding.rule == ruling.decided_by,
    )


def _not_tried(ruling: Ruling, rules: dict[str, AnyRule], reader: Reader) -> Tried | None:
    """The rules after the one that decided."""
    tried = {finding.rule for finding in ruling.findings}
    left = [n for n, rule in rules.items() if n not in tried and rule.on and not rule.idle]
    if not tried or not left:
        return None
    words = reader.words
    return Tried(
        "not-tried",
        words.ngettext("%(n)s further rule", "%(n)s further rules", len(left)),
        ", ".join(dict.fromkeys(words.gettext(title_of(name)) for name in left)),
        words.gettext(N_("not tried")),
    )


def sentence(text: str, words: Translator) -> str:
    """With a capital letter at its beginning; Turkish has one of its own."""
    if words.language == "tr" and text.startswith("i"):
        return f"İ{text[1:]}"
    return text[:1].upper() + text[1:]
