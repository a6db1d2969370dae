"""What a shop says of itself to its customers: sender, language, colour, logo, postal address."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator

from app.automations.base import SettingsModel
from app.channels.email import can_carry
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.colour import ColourError, parse
from app.domain.emails import canonical_email
from app.domain.ids import ShopId
from app.i18n import N_, negotiate
from app.pipeline.runtime import Runtime
from app.services.switching import FieldError, field_errors

_COLOUR = N_("This is no colour. Write it like #0b5a75.")
_ADDRESS = N_("This is not an e-mail address. Write it like hello@your-store.com.")
_WEB = N_("The picture needs an address that begins with https://.")


class ShopSettings(SettingsModel):
    """The form of the shop page; empty texts mean that the store's own are used."""

    sender_name: str = Field(
        "",
        max_length=80,
        title=N_("Name of the sender"),
        description=N_("What customers see beside the address. Empty: your store’s name."),
    )
    reply_to: str = Field(
        "",
        max_length=254,
        title=N_("Answers go to"),
        description=N_("Where a customer’s answer arrives. Empty: the owner’s address."),
    )
    language: Literal["en", "tr", "sk"] = Field(
        "en",
        title=N_("Language"),
        description=N_("For mails to you, and to customers whose language is unknown."),
        json_schema_extra={"choices": {"en": "English", "tr": "Türkçe", "sk": "Slovenčina"}},
    )
    colour: str = Field(
        "",
        max_length=20,
        title=N_("Colour"),
        description=N_("For links and buttons in mails and on customers’ pages."),
    )
    logo_url: str = Field(
        "",
        max_length=500,
        title=N_("Address of your logo"),
        description=N_("Shown 40 pixels high at the top of mails. Empty: your store’s name."),
    )
    postal_address: str = Field(
        "",
        max_length=500,
        title=N_("Postal address"),
        description=N_("At the foot of each mail; many countries ask for it."),
        json_schema_extra={"long": True},
    )

    @field_validator("sender_name", "reply_to", "colour", "logo_url", "postal_address")
    @classmethod
    def _one_line(cls, value: str) -> str:
        """A line break would begin another header of a mail."""
        lines = (" ".join(line.split()) for line in value.splitlines())
        return ", ".join(line.rstrip(",") for line in lines if line)

    @field_validator("reply_to")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not (canonical_email(value) and can_carry(value)):
            raise ValueError(_ADDRESS)
        return value

    @field_validator("colour")
    @classmethod
    def _is_colour(cls, value: str) -> str:
        try:
            return parse(value) if value else ""
        except ColourError:
            raise ValueError(_COLOUR) from None

    @field_validator("logo_url")
    @classmethod
    def _is_on_the_web(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.scheme == "https" and bool(parts.hostname)
        except ValueError:  # such as https://[
            usable = False
        if value and not usable:
            raise ValueError(_WEB)
        return value


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a save; nothing was stored if there are errors or a conflict."""

    errors: tuple[FieldError, ...] = ()
    conflict: bool = False

    @property
    def done(self) -> bool:
        """Whether the values are what is stored now."""
        return not self.errors and not self.conflict


def stored(rt: Runtime, shop_id: ShopId) -> ShopSettings:
    """What is in force. What the store itself told and cannot be used here is left empty."""
    with rt.db.read() as uow:
        shop, reply_to = Shops(uow).get(shop_id), Shops(uow).reply_to(shop_id)
    return _stored(shop, reply_to)


def _stored(shop: Shop, reply_to: str | None) -> ShopSettings:
    values = {
        "sender_name": shop.sender_name or "",
        "reply_to": reply_to or "",
        "language": negotiate(shop.language),  # until one is chosen it is the store's, as sk_SK
        "colour": shop.colour or "",
        "logo_url": shop.logo_url or "",
        "postal_address": shop.postal_address or "",
    }
    try:
        return ShopSettings.model_validate(values)
    except ValidationError as error:
        unusable = {str(each["loc"][0]) for each in error.errors()}
        return ShopSettings.model_validate({k: v for k, v in values.items() if k not in unusable})


def state_of(settings: ShopSettings) -> str:
    """A mark of the values that a form was made from, to notice a second form."""
    text = json.dumps(settings.model_dump(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check(entered: Mapping[str, Any]) -> ShopSettings | tuple[FieldError, ...]:
    """The settings that would be stored, or why they cannot be."""
    try:
        return ShopSettings.model_validate(dict(entered))
    except ValidationError as error:
        return field_errors(error)


def save(rt: Runtime, shop_id: ShopId, entered: Mapping[str, Any], *, seen: str) -> Saved:
    """Store them if they are sound and nobody saved since the form was made."""
    wanted = check(entered)
    if not isinstance(wanted, ShopSettings):
        return Saved(wanted)
    with rt.db.write() as uow:
        shops, data = Shops(uow), ShopData(uow, shop_id)
        shop = shops.held(shop_id)
        known = _stored(shop, shops.reply_to(shop_id))
        if wanted == known:
            return Saved()
        if seen != state_of(known):
            return Saved(conflict=True)
        chosen = shop.language_chosen or wanted.language != known.language
        shops.change(
            shop_id,
            sender_name=wanted.sender_name or None,
            language=wanted.language if chosen else shop.language,
            language_chosen=chosen,
            colour=wanted.colour or None,
            logo_url=wanted.logo_url or None,
            postal_address=wanted.postal_address or None,
        )
        shops.set_reply_to(shop_id, wanted.reply_to or None)
        data.journal.write("saved", "shop", rt.business.now())
    return Saved()
