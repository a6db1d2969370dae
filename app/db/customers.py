"""Canonical customers: known by hashes of address and platform id; merged when a guest registers.

Look-ups and writes of one customer happen inside one write transaction, which is the lock.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select, update

from app.db.base import Repository
from app.db.codec import NOBODY, person_doc, person_from
from app.db.merging import STRICTNESS, merge_customers
from app.db.models import consents, customers, erasures, identities, suppressions
from app.domain.emails import canonical_email
from app.domain.ids import CustomerId, PlatformId
from app.domain.money import Money
from app.domain.snapshots import BaselineSnapshot, ConsentSnapshot, ConsentState, Person


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A canonical customer without personal data."""

    id: CustomerId
    locale: str | None
    country: str | None
    baseline: BaselineSnapshot | None
    erased_at: datetime | None


def customer_from(row: Row[Any]) -> CustomerRow:
    """A row of the table."""
    baseline = None
    if row.baseline_as_of:
        baseline = BaselineSnapshot(
            email=None,
            customer_id=None,
            orders=row.baseline_orders,
            spent=Money(row.baseline_minor, row.baseline_currency),
            as_of=row.baseline_as_of,
            first_order_at=row.baseline_first_at,
        )
    return CustomerRow(row.id, row.locale, row.country, baseline, row.erased_at)


class Customers(Repository):
    """Customers of one shop."""

    def email_hash(self, email: str | None) -> str | None:
        """The look-up hash of an address; None if it is none."""
        canonical = canonical_email(email)
        return self._fingerprint("email", canonical) if canonical else None

    def find(self, kind: str, value_hash: str) -> CustomerId | None:
        """By the hash of an e-mail address ("email") or platform id ("platform")."""
        query = select(identities.c.customer_id).where(
            self._mine(identities),
            identities.c.kind == kind,
            identities.c.value_hash == value_hash,
        )
        return self._connection.execute(query).scalar()

    def find_email(self, email: str) -> CustomerId | None:
        """By address."""
        value_hash = self.email_hash(email)
        return self.find("email", value_hash) if value_hash else None

    def find_platform(self, platform_id: PlatformId) -> CustomerId | None:
        """By the platform's customer id."""
        return self.find("platform", self._fingerprint("platform", platform_id))

    def resolve(
        self, person: Person, now: datetime, sealed: bytes | None = None
    ) -> CustomerId | None:
        """The canonical customer of a person, created or merged as needed; None for nobody.

        A guest known by address becomes the registered customer. Two registered customers are
        never merged because one typed the other's address.
        """
        email = self.email_hash(person.email)
        platform = self._fingerprint("platform", person.customer_id) if person.customer_id else None
        by_platform = self.find("platform", platform) if platform else None
        by_email = self.find("email", email) if email else None
        if by_platform and by_email and by_platform != by_email and self._is_guest(by_email):
            self.merge(by_platform, by_email)
            by_email = by_platform
        adoptable = by_email if by_email and (not platform or self._is_guest(by_email)) else None
        customer = by_platform or adoptable or self._create(person, now, sealed)
        if customer is None:
            return None
        if platform and not by_platform:
            self._identify(customer, "platform", platform)
        if email and not by_email:
            self._identify(customer, "email", email)
        return customer

    def lock(self, customer_id: CustomerId) -> None:
        """Hold a customer until the transaction ends. (SQLite: the write transaction does.)"""
        self._connection.execute(
            select(customers.c.id)
            .where(self._mine(customers), customers.c.id == customer_id)
            .with_for_update()
        )

    def merge(self, kept: CustomerId, removed: CustomerId) -> None:
        """Two customers turned out to be one; `removed` becomes an alias."""
        merge_customers(self._scope, kept, removed)

    def _create(self, person: Person, now: datetime, sealed: bytes | None) -> CustomerId | None:
        if not canonical_email(person.email) and not person.customer_id:
            return None
        result = self._connection.execute(
            customers.insert().values(shop_id=self._shop_id, person=sealed, created_at=now)
        )
        key = result.inserted_primary_key
        return CustomerId(key[0]) if key else None

    def _identify(self, customer_id: CustomerId, kind: str, value_hash: str) -> None:
        self._connection.execute(
            self._insert(
                identities, kind=kind, value_hash=value_hash, customer_id=customer_id
            ).on_conflict_do_nothing()
        )

    def _is_guest(self, customer_id: CustomerId) -> bool:
        query = select(identities.c.id).where(
            self._mine(identities),
            identities.c.customer_id == customer_id,
            identities.c.kind == "platform",
        )
        return self._connection.execute(query).first() is None

    def get(self, customer_id: CustomerId) -> CustomerRow | None:
        """One customer."""
        query = select(customers).where(self._mine(customers), customers.c.id == customer_id)
        row = self._connection.execute(query).first()
        return customer_from(row) if row else None

    def canonical(self, customer_id: CustomerId) -> CustomerId | None:
        """The customer itself, or the one that it turned out to be; None if there is none."""
        query = select(customers.c.merged_into).where(
            self._mine(customers), customers.c.id == customer_id
        )
        row = self._connection.execute(query).first()
        if row is None:
            return None
        return self.canonical(CustomerId(row[0])) if row[0] else customer_id

    def update(
        self,
        customer_id: CustomerId,
        *,
        sealed: bytes | None = None,
        locale: str | None = None,
        country: str | None = None,
    ) -> None:
        """Bring what is known up to date; None leaves a value as it is."""
        values = {
            name: value
            for name, value in (("person", sealed), ("locale", locale), ("country", country))
            if value
        }
        if values:
            self._connection.execute(
                update(customers)
                .where(self._mine(customers), customers.c.id == customer_id)
                .values(**values)
            )

    def set_baseline(self, customer_id: CustomerId, baseline: BaselineSnapshot) -> None:
        """Lifetime totals before our records; the first ones stay (later ones would overlap)."""
        self._connection.execute(
            update(customers)
            .where(
                self._mine(customers),
                customers.c.id == customer_id,
                customers.c.baseline_as_of.is_(None),
            )
            .values(
                baseline_orders=baseline.orders,
                baseline_minor=baseline.spent.minor,
                baseline_currency=baseline.spent.currency,
                baseline_as_of=baseline.as_of,
                baseline_first_at=baseline.first_order_at,
            )
        )

    def person(self, customer_id: CustomerId) -> Person:
        """Name and address; nobody once erased. Decrypts: not inside a write transaction."""
        query = select(customers.c.person).where(
            self._mine(customers), customers.c.id == customer_id
        )
        sealed = self._connection.execute(query).scalar()
        return person_from(self._keyring.open_json(sealed)) if sealed else NOBODY

    def seal(self, person: Person) -> bytes | None:
        """A person ready to be stored; seal before the transaction."""
        return self._keyring.seal_json(person_doc(person)) if person != NOBODY else None

    # consent

    def record_consent(self, customer_id: CustomerId, consent: ConsentSnapshot) -> None:
        """Remember a statement on e-mail marketing; an older one never replaces a newer."""
        if consent.at is None:
            raise ValueError("a consent needs its time; the caller knows when it was told")
        values = {"state": consent.state, "at": consent.at}
        self._connection.execute(
            self._insert(
                consents,
                customer_id=customer_id,
                channel="email",
                source=consent.source,
                **values,
            ).on_conflict_do_update(
                index_elements=["shop_id", "customer_id", "channel", "source"],
                set_=values,
                where=consents.c.at <= consent.at,
            )
        )

    def consent(self, customer_id: CustomerId) -> tuple[ConsentState, datetime | None]:
        """The latest statement; of two at the same time the stricter one."""
        strictness = case(
            {state.value: rank for rank, state in enumerate(STRICTNESS)}, value=consents.c.state
        )
        query = (
            select(consents.c.state, consents.c.at)
            .where(self._mine(consents), consents.c.customer_id == customer_id)
            .order_by(consents.c.at.desc(), strictness)
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return (ConsentState(row[0]), row[1]) if row else (ConsentState.UNKNOWN, None)

    def consents(self, customer_id: CustomerId) -> list[ConsentSnapshot]:
        """All statements of a customer, oldest first."""
        query = (
            select(consents.c.state, consents.c.at, consents.c.source)
            .where(self._mine(consents), consents.c.customer_id == customer_id)
            .order_by(consents.c.at, consents.c.id)
        )
        return [
            ConsentSnapshot(ConsentState(state), at, source)
            for state, at, source in self._connection.execute(query)
        ]

    # suppression: by the hash of the address, so that it outlives erasure

    def suppress(self, email_hash: str, scope: str, now: datetime) -> None:
        """Never write to this address again, in a scope; repeated calls change nothing."""
        self._connection.execute(
            self._insert(
                suppressions, value_hash=email_hash, scope=scope, at=now
            ).on_conflict_do_nothing()
        )

    def allow(self, email_hash: str, scope: str) -> None:
        """Undo a suppression because the customer asked for it."""
        self._connection.execute(
            suppressions.delete().where(
                self._mine(suppressions),
                suppressions.c.value_hash == email_hash,
                suppressions.c.scope == scope,
            )
        )

    def suppressed_scopes(self, email_hash: str) -> frozenset[str]:
        """Scopes in which an address must not be written to."""
        query = select(suppressions.c.scope).where(
            self._mine(suppressions), suppressions.c.value_hash == email_hash
        )
        return frozenset(scope for (scope,) in self._connection.execute(query))

    def suppressed(self, customer_id: CustomerId) -> frozenset[str]:
        """Scopes over all addresses of a customer."""
        addresses = select(identities.c.value_hash).where(
            self._mine(identities),
            identities.c.customer_id == customer_id,
            identities.c.kind == "email",
        )
        query = select(suppressions.c.scope).where(
            self._mine(suppressions), suppressions.c.value_hash.in_(addresses)
        )
        return frozenset(scope for (scope,) in self._connection.execute(query))

    def email_hashes(self, customer_id: CustomerId) -> list[str]:
        """Hashes of all addresses of a customer."""
        query = select(identities.c.value_hash).where(
            self._mine(identities),
            identities.c.customer_id == customer_id,
            identities.c.kind == "email",
        )
        return [value for (value,) in self._connection.execute(query)]

    # erasure

    def is_erased(self, person: Person) -> bool:
        """Whether this person asked to be forgotten; polling must not bring them back."""
        hashes = [self.email_hash(person.email)]
        if person.customer_id:
            hashes.append(self._fingerprint("platform", person.customer_id))
        query = select(erasures.c.id).where(
            self._mine(erasures),
            erasures.c.kind.in_(("email", "platform")),
            erasures.c.value_hash.in_([h for h in hashes if h]),
        )
        return self._connection.execute(query).first() is not None

    def bury_person(self, person: Person, now: datetime) -> None:
        """Tombstones for an address and a platform id, known to us or not."""
        if email_hash := self.email_hash(person.email):
            self._bury("email", email_hash, now)
        if person.customer_id:
            self._bury("platform", self._fingerprint("platform", person.customer_id), now)

    def bury_identities(self, customer_id: CustomerId, now: datetime) -> None:
        """Tombstones for all that a customer is known by."""
        query = select(identities.c.kind, identities.c.value_hash).where(
            self._mine(identities), identities.c.customer_id == customer_id
        )
        for kind, value_hash in self._connection.execute(query).all():
            self._bury(kind, value_hash, now)

    def _bury(self, kind: str, value_hash: str, now: datetime) -> None:
        self._connection.execute(
            self._insert(
                erasures, kind=kind, value_hash=value_hash, at=now
            ).on_conflict_do_nothing()
        )
        if kind == "email":
            self.suppress(value_hash, "all", now)
