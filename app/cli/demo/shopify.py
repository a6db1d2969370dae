"""The Shopify twin as its merchant, customers and carriers use it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import ClassVar

import requests

from app.cli.demo.drivers import SECONDS, Json, Person, Store

HANDLE = "cinar-breza"


_STANDS = {"OPEN": "approved", "DECLINED": "declined", "REQUESTED": "open"}


class Shopify(Store):
    """The demo shop, as the app with these credentials may see it."""

    platform = "shopify"
    domain = f"{HANDLE}.myshopify.com"
    _HANDLES: ClassVar = {
        "towel": "peshtemal-olive",
        "linen": "waffle-towel",
        "cushion": "copper-cezve",
    }
    _COUPON = "query ($code: String!) { codeDiscountNodeByCode(code: $code) { id } }"
    _RETURNS = (
        "{ orders(first: 50, reverse: true) { nodes { returns(first: 3) { nodes { status } } } } }"
    )
    _REVIEWS = '{ metaobjects(type: "$app:review", first: 100) { nodes { id } } }'

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        super().__init__(url)
        self._client = {"client_id": client_id, "client_secret": client_secret}

    def place(self, person: Person, goods: Sequence[str], *, cash: bool = False) -> str:
        """Through the checkout, which makes or finds the customer."""
        order = self.act(
            "create-order",
            items=[{"product": self._HANDLES[name], "quantity": 1} for name in goods],
            gateway="Cash on Delivery (COD)" if cash else "bogus",
            paid=not cash,
            email=person.email,
            first_name=person.first_name,
            last_name=person.last_name,
            country=person.country,
            locale=person.language,
            accepts_marketing=person.consent,
        )
        return str(order["id"])

    def ship(self, order: str) -> None:
        """A fulfilment of everything."""
        self.act("fulfill", order_id=int(order))

    def deliver(self, order: str) -> None:
        """The carrier's event for the last parcel."""
        self.act("fulfillment-event", order_id=int(order), status="delivered")

    def collect(self, order: str) -> None:
        """Marked as paid."""
        self.act("pay", order_id=int(order))

    def refund(self, order: str) -> None:
        """Everything that was paid."""
        self.act("refund", order_id=int(order))

    def cancel(self, order: str) -> None:
        """With the customer's wish as the reason."""
        self.act("cancel", order_id=int(order))

    def ask_back(self, order: str) -> None:
        """In the shop's customer accounts."""
        self.act("request-return", order_id=int(order))

    def touch(self, order: str) -> None:
        """A tag."""
        self.act("tags", order_id=int(order), tags=["looked at"])

    def register(self, person: Person) -> None:
        """The customer record stays, its account is enabled."""
        people = self.control("GET", f"shops/{HANDLE}/customers")
        known = next(p for p in people if p["email"].lower() == person.email.lower())
        self.act("register", customer_id=known["id"])

    def hide_orders(self) -> None:
        """503 for the query that lists orders."""
        self.control("POST", "faults", {"kind": "status", "contains": "query OrdersChanged"})

    def install(self) -> None:
        """The merchant adds the app; nothing of it has been opened yet."""
        self.act("install")

    def uninstall(self) -> None:
        """The merchant removes the app."""
        self.act("uninstall")

    def id_token(self) -> str:
        """What App Bridge hands to the app's pages."""
        return str(self.control("GET", f"shops/{HANDLE}/id-token")["id_token"])

    def coupons(self, codes: Iterable[str]) -> int:
        """Those of the codes that the shop knows: the twin cannot list discounts."""
        asked = (self._ask(self._COUPON, code=code)["codeDiscountNodeByCode"] for code in codes)
        return sum(found is not None for found in asked)

    def reviews(self) -> int:
        """The app's own objects."""
        return len(self._ask(self._REVIEWS)["metaobjects"]["nodes"])

    def returns(self) -> dict[str, int]:
        """As the shop's API tells them."""
        orders = self._ask(self._RETURNS)["orders"]["nodes"]
        states = (each["status"] for order in orders for each in order["returns"]["nodes"])
        return dict(Counter(_STANDS.get(state, "ended") for state in states))

    def act(self, action: str, **given: Json) -> Json:
        """One action on the shop."""
        return self.control("POST", f"shops/{HANDLE}/{action}", given)

    def _ask(self, query: str, **variables: str) -> Json:
        answer = requests.post(
            f"{self.url}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"Host": self.domain, "X-Shopify-Access-Token": self._access_token},
            timeout=SECONDS,
        )
        answer.raise_for_status()
        return answer.json()["data"]

    @cached_property
    def _access_token(self) -> str:
        """Bought as the app buys its own, but apart from that one.

        A removed app is added once more to look; nobody opens it, so it learns nothing of that.
        """
        self.install()
        answer = requests.post(
            f"{self.url}/admin/oauth/access_token",
            json={
                **self._client,
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": self.id_token(),
                "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
                "expiring": "1",
            },
            headers={"Host": self.domain},
            timeout=SECONDS,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])
