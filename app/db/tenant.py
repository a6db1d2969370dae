"""One shop's repositories: every query made through them carries its `shop_id`."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from app.db.actions import Actions
from app.db.base import Scope
from app.db.coupons import Coupons
from app.db.credentials import Credentials
from app.db.crypto import ShopHasher
from app.db.cursors import Cursors
from app.db.customers import Customers
from app.db.erasure import Erasure
from app.db.events import Events
from app.db.inbox import Inbox
from app.db.journal import Journal
from app.db.messages import Messages
from app.db.orders import Orders
from app.db.otp import Codes
from app.db.past import Past
from app.db.privacy import Privacy
from app.db.problems import Problems
from app.db.products import Products
from app.db.refresh import Refreshes
from app.db.reports import Reports
from app.db.return_lists import ReturnLists
from app.db.returns import Returns
from app.db.reviews import Reviews
from app.db.session import UnitOfWork
from app.db.settings import Settings
from app.db.shops import Shop, Shops
from app.db.templates import Templates
from app.db.webhooks import WebhookSubscriptions
from app.domain.ids import ShopId

T = TypeVar("T")


class ShopData:
    """All that is stored of one shop, in one transaction.

    A transaction that writes holds the shop from here on, before any other row: so no two of them
    can wait for each other crosswise.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        shop_id: ShopId,
        hasher: ShopHasher | None = None,
    ) -> None:
        self.uow = uow
        self.shop_id = shop_id
        self._hasher = hasher
        if uow.writes:
            Shops(uow).hold(shop_id)

    @cached_property
    def hasher(self) -> ShopHasher:
        """Keyed hashes of this shop (unwrapping the key costs a decryption: once)."""
        return self._hasher or Shops(self.uow).hasher(self.shop_id)

    @property
    def aside(self) -> UnitOfWork:
        """For reading what concerns more than one delivery: the shop itself, its connection."""
        return self.uow

    def remembered(self, _name: Any, make: Callable[[], T]) -> T:
        """What `make` gives; a batch (`app/db/batch`) asks it once."""
        return make()

    @property
    def shop(self) -> Shop:
        """The tenant."""
        return self.remembered("shop", lambda: Shops(self.aside).get(self.shop_id))

    @cached_property
    def _scope(self) -> Scope:
        return Scope(self.uow, self.shop_id, lambda: self.hasher)

    @cached_property
    def inbox(self) -> Inbox:
        """Verified deliveries and fetched objects, before any work."""
        return Inbox(self._scope)

    @cached_property
    def refreshes(self) -> Refreshes:
        """Objects to be read again from the platform."""
        return Refreshes(self._scope)

    @cached_property
    def events(self) -> Events:
        """Facts, each once."""
        return Events(self._scope)

    @cached_property
    def orders(self) -> Orders:
        """Order projections."""
        return Orders(self._scope)

    @cached_property
    def products(self) -> Products:
        """Product projections."""
        return Products(self._scope)

    @cached_property
    def customers(self) -> Customers:
        """Canonical customers, identities, consents, suppressions."""
        return Customers(self._scope)

    @cached_property
    def actions(self) -> Actions:
        """Future work and what became of it."""
        return Actions(self._scope)

    @cached_property
    def messages(self) -> Messages:
        """Who was written to, for the contact budget."""
        return Messages(self._scope)

    @cached_property
    def journal(self) -> Journal:
        """Decisions and effects with their reasons, append-only."""
        return Journal(self._scope)

    @cached_property
    def problems(self) -> Problems:
        """What only the merchant can mend."""
        return Problems(self._scope)

    @cached_property
    def reports(self) -> Reports:
        """What pages count and list."""
        return Reports(self._scope)

    @cached_property
    def settings(self) -> Settings:
        """Versions of each automation's settings."""
        return Settings(self._scope)

    @cached_property
    def templates(self) -> Templates:
        """The merchant's own texts of mails."""
        return Templates(self._scope)

    @cached_property
    def coupons(self) -> Coupons:
        """Milestone coupons."""
        return Coupons(self._scope)

    @cached_property
    def reviews(self) -> Reviews:
        """Reviews sent through our form."""
        return Reviews(self._scope)

    @cached_property
    def returns(self) -> Returns:
        """What customers send back."""
        return Returns(self._scope)

    @cached_property
    def past(self) -> Past:
        """What lies behind the shop, for the dry run."""
        return Past(self._scope)

    @cached_property
    def return_lists(self) -> ReturnLists:
        """Returns as a merchant's lists need them."""
        return ReturnLists(self._scope)

    @cached_property
    def codes(self) -> Codes:
        """Codes by which customers prove an address."""
        return Codes(self._scope)

    @cached_property
    def credentials(self) -> Credentials:
        """Keys or tokens to the store."""
        return Credentials(self._scope)

    @cached_property
    def webhooks(self) -> WebhookSubscriptions:
        """Our webhook subscriptions in the store."""
        return WebhookSubscriptions(self._scope)

    @cached_property
    def cursors(self) -> Cursors:
        """Where resumable reading stands."""
        return Cursors(self._scope)

    @cached_property
    def privacy(self) -> Privacy:
        """Privacy requests, exports, tombstones."""
        return Privacy(self._scope)

    @cached_property
    def erasure(self) -> Erasure:
        """Forgets persons."""
        return Erasure(self._scope)
