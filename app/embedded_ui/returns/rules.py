"""The rules: in order, each with its switch, limits and outcome; and what customers are offered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.automations.registry import RETURNS
from app.automations.returns_approval import ReturnsApprovalSettings
from app.automations.returns_approval.settings import DEFAULT_RULES
from app.automations.words import ABOUT, AUTOMATIONS
from app.db.tenant import ShopData
from app.embedded_ui.fields import FormField, as_entered, entries, form_fields
from app.embedded_ui.returns.pages import blueprint
from app.embedded_ui.returns.rules_form import (
    MOST,
    Entry,
    RuleForm,
    as_data,
    entered,
    rearranged,
    rule_forms,
    stored_entries,
)
from app.embedded_ui.returns.words import KINDS, OUTCOMES
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.settings_form import error_words, sections
from app.embedded_ui.view import Reader, page, places_of, reader_of
from app.http import current_deps
from app.i18n import N_, Translator
from app.services import switching
from app.services.backtest import ASKED_AFTER, backtest
from app.services.switching import SaveResult, Stored

LOOKED_AT = 1_000  # past returns and orders for the preview, so that it comes at once
_TOO_MANY = N_("These are too many rules; %(n)s are the most.")


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it came: the rules, and all other settings."""

    rules: list[Entry]
    flat: Mapping[str, Any]

    def values(self, known: ReturnsApprovalSettings) -> dict[str, Any]:
        """As they would be stored, not checked yet."""
        return {**self.flat, "rules": as_data(self.rules, known)}


@blueprint.get("/rules")
@merchant_page
def rules(merchant: MerchantSession) -> ResponseReturnValue:
    """The rules as they are stored."""
    return form(merchant, stored(merchant))


@blueprint.get("/rules/on")
@merchant_page
def ask_on(merchant: MerchantSession) -> ResponseReturnValue:
    """What the rules would decide, before they decide anything."""
    known, reader = stored(merchant), reader_of(merchant)
    if known.enabled:
        return redirect(url_for("returns.rules"))
    settings = settings_in(known)
    if "part" in request.args:
        return render_template("returns/on_rehearsal.html", **_rehearsal(merchant, settings))
    return page(
        "returns/on.html",
        reader,
        key=RETURNS.key,
        name=AUTOMATIONS[RETURNS.key],
        about=ABOUT[RETURNS.key],
        rules=rule_forms(stored_entries(settings), settings, reader.words, merchant.shop.currency),
        **(_rehearsal(merchant, settings) if "now" in request.args else {"looked": None}),
    )


def _rehearsal(merchant: MerchantSession, settings: ReturnsApprovalSettings) -> dict[str, Any]:
    """What takes its time: what the rules would have decided of late."""
    looked = backtest(current_deps(), merchant.shop.id, settings, limit=LOOKED_AT)
    turns = [*looked.returns.items(), *looked.orders.items()]
    return {
        "looked": looked,
        "outcomes": [
            (sign, sum(count for (_, after), count in turns if after is outcome))
            for outcome, sign in OUTCOMES.items()
        ],
        "asked_after": ASKED_AFTER,
    }


@blueprint.post("/rules")
@merchant_page
def save_rules(merchant: MerchantSession) -> ResponseReturnValue:
    """Store the rules, or show them again: rearranged, or with what is in the way."""
    deps, known, draft = current_deps(), stored(merchant), draft_of()
    wish = request.form.get("do", "")
    if wish and wish != "save":
        moved, place = rearranged(draft.rules, wish, request.form.get("add", ""))
        about = f"{wish.partition('-')[0]}-{place}" if place is not None else ""
        return form(merchant, known, replace(draft, rules=moved), about=about)
    result = switching.save(
        deps,
        merchant.shop.id,
        RETURNS.key,
        draft.values(settings_in(known)),
        expected_version=request.form.get("version", type=int, default=0),
        by=merchant.user,
    )
    if result.saved:
        return redirect(url_for("returns.rules", done="saved"), 303)
    status = 409 if result.conflict else 422
    return form(merchant, stored(merchant), draft, result=result), status


@blueprint.post("/rules/effect")
@merchant_page
def rules_effect(merchant: MerchantSession) -> ResponseReturnValue:
    """A part of the page: how many of the last returns would be decided differently."""
    known, reader = stored(merchant), reader_of(merchant)
    wanted = switching.check(RETURNS.key, known.values, draft_of().values(settings_in(known)))
    looked = None
    if isinstance(wanted, ReturnsApprovalSettings) and wanted != known.values:
        looked = backtest(current_deps(), merchant.shop.id, wanted, limit=LOOKED_AT)
    return render_template("returns/effect.html", looked=looked, reader=reader)


def stored(merchant: MerchantSession) -> Stored:
    """What is in force."""
    with current_deps().db.read() as uow:
        return switching.stored(ShopData(uow, merchant.shop.id), RETURNS.key)


def settings_in(known: Stored) -> ReturnsApprovalSettings:
    """The stored settings as those of returns."""
    if not isinstance(known.values, ReturnsApprovalSettings):
        raise TypeError("These are no settings of returns")
    return known.values


def draft_of() -> Draft:
    """The form of this request."""
    return Draft(entered(request.form), entries(ReturnsApprovalSettings, request.form))


def form(
    merchant: MerchantSession,
    known: Stored,
    draft: Draft | None = None,
    *,
    result: SaveResult | None = None,
    about: str = "",
) -> str:
    """The page with what is stored, or with what was entered."""
    reader = reader_of(merchant)
    settings, currency = settings_in(known), merchant.shop.currency
    flat_errors = _flat_errors(result, reader.words)
    flat = as_entered(draft.flat) if draft else None
    fields = [
        replace(f, unit=currency if f.name == "return_fee" else f.unit)
        for f in form_fields(ReturnsApprovalSettings, settings, flat, flat_errors)
    ]
    forms = rule_forms(
        draft.rules if draft else stored_entries(settings),
        settings,
        reader.words,
        currency,
        check=bool(result and result.errors),
    )
    errors = _summary(forms, fields, flat_errors, reader)
    return page(
        "returns/rules.html",
        reader,
        known=known,
        name=AUTOMATIONS[RETURNS.key],
        about=ABOUT[RETURNS.key],
        rules=forms,
        sections=sections(RETURNS.key, fields),
        kinds=KINDS,
        may_add=len(forms) < MOST,
        is_default=settings.rules == DEFAULT_RULES,
        errors=errors,
        error_count=len(errors),
        conflict=bool(result and result.conflict),
        changes=_changes(draft, settings, forms, fields) if draft else None,
        focus=about,
        places=places_of(merchant),
        key=RETURNS.key,
    )


def _flat_errors(result: SaveResult | None, words: Translator) -> dict[str, str]:
    """What is wrong outside of the rules, or with all of them together."""
    if result is None:
        return {}
    told = [error for error in result.errors if error.field != "rules"]
    found = error_words(told, words)
    if any(e.field == "rules" and e.code == "too_long" for e in result.errors):
        found[""] = words.gettext(_TOO_MANY, n=MOST)
    return found


def _summary(
    forms: Sequence[RuleForm],
    fields: Sequence[FormField],
    flat_errors: Mapping[str, str],
    reader: Reader,
) -> list[tuple[str, str]]:
    """Where each error is, and its words with the names of rule and field in front."""
    found = []
    for rule in forms:
        labels = {f"f-{f.name}": reader.words.gettext(f.label) for f in rule.fields}
        for control, text in rule.errors.items():
            found.append((control, f"{rule.title}, {labels.get(control, '')}: {text}"))
    labels = {f.name: f"{reader.words.gettext(f.label)}: " for f in fields}
    for name, text in flat_errors.items():
        found.append((f"f-{name}" if name else "settings", labels.get(name, "") + text))
    return found


def _changes(
    draft: Draft,
    settings: ReturnsApprovalSettings,
    forms: Sequence[RuleForm],
    fields: Sequence[FormField],
) -> int:
    """How many things differ from what is stored; another order is one."""
    changed = sum(f.was is not None for f in fields)
    changed += sum(f.was is not None for rule in forms for f in rule.fields)
    kept = [entry.origin for entry in draft.rules if entry.origin is not None]
    changed += kept != sorted(kept)
    changed += sum(entry.origin is None for entry in draft.rules)
    return changed + len(settings.rules) - len(set(kept))
