"""Customers of a batch: who they are, what they allowed and refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select, update

from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk, Shelf
from app.db.customers import CustomerRow, Customers, customer_from
from app.db.merging import STRICTNESS
from app.db.models import consents, customers, erasures, identities, suppressions
from app.db.session import insert_into
from app.domain.ids import CustomerId
from app.domain.snapshots import ConsentSnapshot, ConsentState, Person

_Hash = tuple[str, str]  # kind and value

_NEVER = datetime.min.replace(tzinfo=UTC)

_KINDS = ("email", "platform")
_FOUND = select(identities.c.kind, identities.c.value_hash, identities.c.customer_id).where(
    identities.c.shop_id == SHOP, identities.c.kind.in_(_KINDS), identities.c.value_hash.in_(KEYS)
)
_BURIED = select(erasures.c.value_hash).where(
    erasures.c.shop_id == SHOP, erasures.c.kind.in_(_KINDS), erasures.c.value_hash.in_(KEYS)
)
_SCOPES = select(suppressions.c.value_hash, suppressions.c.scope).where(
    suppressions.c.shop_id == SHOP, suppressions.c.value_hash.in_(KEYS)
)
_CUSTOMERS = select(customers).where(customers.c.shop_id == SHOP, customers.c.id.in_(KEYS))
_HASHES = select(identities.c.customer_id, identities.c.kind, identities.c.value_hash).where(
    identities.c.shop_id == SHOP, identities.c.customer_id.in_(KEYS)
)
_CONSENTS = select(
    consents.c.customer_id, consents.c.state, consents.c.at, consents.c.source
).where(consents.c.shop_id == SHOP, consents.c.customer_id.in_(KEYS))
_INSERT = customers.insert()
_UPDATE = (
    update(customers)
    .where(customers.c.shop_id == SHOP, customers.c.id == bindparam("row"))
    .values(
        {
            column: func.coalesce(bindparam(f"{column.name}_", type_=column.type), column)
            for column in (customers.c.person, customers.c.locale, customers.c.country)
        }
    )
)


@cache
def _identify(dialect: str) -> Any:
    return insert_into(identities, dialect).on_conflict_do_nothing()


@cache
def _tell(dialect: str) -> Any:
    insert = insert_into(consents, dialect)
    return insert.on_conflict_do_update(
        index_elements=["shop_id", "customer_id", "channel", "source"],
        set_={"state": insert.excluded.state, "at": insert.excluded.at},
        where=consents.c.at <= insert.excluded.at,
    )


@dataclass(slots=True)
class _Pending:
    """What is to be written."""

    new: dict[CustomerId, dict[str, Any]] = field(default_factory=dict)
    changed: dict[CustomerId, dict[str, Any]] = field(default_factory=dict)
    identities: list[dict[str, Any]] = field(default_factory=list)
    consents: dict[tuple[CustomerId, str], ConsentSnapshot] = field(default_factory=dict)


class BatchCustomers(Customers):
    """Customers of one shop. What is not here (merging, baselines) goes to the database itself."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self.found: Shelf[_Hash, CustomerId | None] = desk.shelf(self._load_found, lambda: None)
        self.buried = desk.shelf(self._load_buried, bool)
        self.scopes: Shelf[str, frozenset[str]] = desk.shelf(self._load_scopes, frozenset)
        self._rows: Shelf[CustomerId, CustomerRow | None] = desk.shelf_of_customers(
            self._load_rows, lambda: None
        )
        self.hashes: Shelf[CustomerId, list[_Hash]] = desk.shelf_of_customers(
            self._load_hashes, list
        )
        self._told: Shelf[CustomerId, dict[str, ConsentSnapshot]] = desk.shelf_of_customers(
            self._load_consents, dict
        )
        self._sealed: dict[Person, bytes | None] = {}
        self._emails: dict[str | None, str | None] = {}
        self._pending = _Pending()
        desk.on_write(self._write)

    def read_ahead(self, persons: Iterable[Person]) -> tuple[set[CustomerId], set[str]]:
        """Look these persons up; returns those who are known, and the hashes of their addresses."""
        wanted: dict[_Hash, None] = {}
        for person in persons:
            if email := self.email_hash(person.email):
                wanted["email", email] = None
            if person.customer_id:
                wanted["platform", self._fingerprint("platform", person.customer_id)] = None
        self.found.fetch(wanted)
        self.buried.fetch(value for _, value in wanted)
        emails = {value for kind, value in wanted if kind == "email"}
        self.scopes.fetch(emails)
        return {customer for key in wanted if (customer := self.found[key])}, emails

    def email_hash(self, email: str | None) -> str | None:
        """The look-up hash of an address; made once, however many deliveries name it."""
        if email not in self._emails:
            self._emails[email] = super().email_hash(email)
        return self._emails[email]

    def find(self, kind: str, value_hash: str) -> CustomerId | None:
        """By the hash of an e-mail address ("email") or platform id ("platform")."""
        return self.found[kind, value_hash]

    def get(self, customer_id: CustomerId) -> CustomerRow | None:
        """One customer."""
        return self._rows[customer_id]

    def email_hashes(self, customer_id: CustomerId) -> list[str]:
        """Hashes of all addresses of a customer."""
        return [value for kind, value in self.hashes[customer_id] if kind == "email"]

    def suppressed(self, customer_id: CustomerId) -> frozenset[str]:
        """Scopes over all addresses of a customer."""
        scopes = (self.scopes[value] for value in self.email_hashes(customer_id))
        return frozenset[str]().union(*scopes)

    def is_erased(self, person: Person) -> bool:
        """Whether this person asked to be forgotten."""
        email = self.email_hash(person.email)
        if email and self.buried[email]:
            return True
        platform = person.customer_id
        return bool(platform and self.buried[self._fingerprint("platform", platform)])

    def seal(self, person: Person) -> bytes | None:
        """A person ready to be stored; sealed once, however many deliveries name them."""
        if person not in self._sealed:
            self._sealed[person] = super().seal(person)
        return self._sealed[person]

    def update(
        self,
        customer_id: CustomerId,
        *,
        sealed: bytes | None = None,
        locale: str | None = None,
        country: str | None = None,
    ) -> None:
        """Remember what is known now; None leaves a value as it is."""
        row = self._rows[customer_id]
        if row is None:
            return
        same = (locale or row.locale) == row.locale and (country or row.country) == row.country
        if same and not sealed:
            return
        self._rows[customer_id] = replace(
            row, locale=locale or row.locale, country=country or row.country
        )
        known = self._pending.new.get(customer_id) or self._pending.changed.setdefault(
            customer_id, {"person": None, "locale": None, "country": None}
        )
        for name, value in (("person", sealed), ("locale", locale), ("country", country)):
            known[name] = value or known[name]

    def record_consent(self, customer_id: CustomerId, consent: ConsentSnapshot) -> None:
        """Remember a statement on e-mail marketing; an older one never replaces a newer."""
        if consent.at is None:
            raise ValueError("a consent needs its time; the caller knows when it was told")
        told = self._told[customer_id]
        before = told.get(consent.source)
        if before and before.at and before.at > consent.at:
            return
        if before and (before.at, before.state) == (consent.at, consent.state):
            return
        told[consent.source] = consent
        self._pending.consents[customer_id, consent.source] = consent

    def consent(self, customer_id: CustomerId) -> tuple[ConsentState, datetime | None]:
        """The latest statement; of two at the same time the stricter one."""
        told = self._told[customer_id].values()
        strictest = sorted(told, key=lambda consent: STRICTNESS.index(consent.state))
        latest = max(strictest, key=lambda consent: consent.at or _NEVER, default=None)
        return (latest.state, latest.at) if latest else (ConsentState.UNKNOWN, None)

    def _create(self, person: Person, now: datetime, sealed: bytes | None) -> CustomerId | None:
        if not self.email_hash(person.email) and not person.customer_id:
            return None
        customer_id = CustomerId(self._desk.new_id(customers))
        self._desk.start_customer(customer_id)
        self._rows[customer_id] = CustomerRow(customer_id, None, None, None, None)
        self._pending.new[customer_id] = {
            "id": customer_id, "shop_id": self._shop_id, "person": sealed, "created_at": now,
            "locale": None, "country": None,
        }  # fmt: skip
        return customer_id

    def _identify(self, customer_id: CustomerId, kind: str, value_hash: str) -> None:
        self.found[kind, value_hash] = customer_id
        self.hashes[customer_id].append((kind, value_hash))
        self._pending.identities.append(
            {
                "shop_id": self._shop_id,
                "kind": kind,
                "value_hash": value_hash,
                "customer_id": customer_id,
            }
        )

    def _is_guest(self, customer_id: CustomerId) -> bool:
        return all(kind != "platform" for kind, _ in self.hashes[customer_id])

    # reading together

    def _load_found(self, keys: list[_Hash]) -> Mapping[_Hash, CustomerId | None]:
        rows = self._desk.rows(_FOUND, [value for _, value in keys])
        return {(kind, value): owner for kind, value, owner in rows}

    def _load_buried(self, hashes: list[str]) -> Mapping[str, bool]:
        return {value: True for (value,) in self._desk.rows(_BURIED, hashes)}

    def _load_scopes(self, hashes: list[str]) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for value, scope in self._desk.rows(_SCOPES, hashes):
            found[value] = found.get(value, frozenset()) | {scope}
        return found

    def _load_rows(self, ids: list[CustomerId]) -> Mapping[CustomerId, CustomerRow | None]:
        return {row.id: customer_from(row) for row in self._desk.rows(_CUSTOMERS, ids)}

    def _load_hashes(self, ids: list[CustomerId]) -> Mapping[CustomerId, list[_Hash]]:
        found: dict[CustomerId, list[_Hash]] = {}
        for owner, kind, value in self._desk.rows(_HASHES, ids):
            found.setdefault(owner, []).append((kind, value))
        self.scopes.fetch(
            value for known in found.values() for kind, value in known if kind == "email"
        )
        return found

    def _load_consents(
        self, ids: list[CustomerId]
    ) -> Mapping[CustomerId, dict[str, ConsentSnapshot]]:
        found: dict[CustomerId, dict[str, ConsentSnapshot]] = {}
        for owner, state, at, source in self._desk.rows(_CONSENTS, ids):
            told = ConsentSnapshot(ConsentState(state), at, source)
            found.setdefault(owner, {})[source] = told
        return found

    # writing together

    def _write(self) -> None:
        pending, self._pending = self._pending, _Pending()
        self._desk.write_all(_INSERT, list(pending.new.values()))
        changed = [
            {
                "shop": self._shop_id,
                "row": row,
                **{f"{name}_": value for name, value in values.items()},
            }
            for row, values in sorted(pending.changed.items())
        ]
        self._desk.write_all(_UPDATE, changed)
        self._desk.write_all(_identify, pending.identities, each=True)
        self._desk.write_all(_tell, self._consent_rows(pending))

    def _consent_rows(self, pending: _Pending) -> list[dict[str, Any]]:
        return [
            {
                "shop_id": self._shop_id,
                "customer_id": customer_id,
                "channel": "email",
                "source": source,
                "state": consent.state,
                "at": consent.at,
            }
            for (customer_id, source), consent in pending.consents.items()
        ]
