"""A customer who opens every page that we have for customers, and sends every form."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from app.channels.links import Purpose
from app.channels.outbox import OutboxMailbox
from app.db.returns import ReturnRow
from app.db.shops import Shop
from app.domain.ids import CustomerId, ShopId
from app.domain.returns import ReturnReason
from tests.support import Harness


class Visitor:
    """The customer of one order that arrived."""

    def __init__(self, harness: Harness, app: Flask, shop_id: int, order_id: str) -> None:
        self._harness, self._order_id = harness, order_id
        self._client = app.test_client(use_cookies=False)
        self.shop_id = ShopId(shop_id)
        self.shop: Shop = harness.get_shop(shop_id)
        with harness.shop(shop_id) as data:
            stored = data.orders.get(order_id)
            assert stored, order_id
            assert stored.customer_id, order_id
            self._order, self.customer_id = stored.order, CustomerId(stored.customer_id)
            self._email = data.orders.person(order_id).email
            self._who = data.customers.email_hash(self._email)

    def open_everything(self) -> None:
        """All pages but those of an export, of a return, and of a withdrawal by link."""
        self._get("/c/colour.css")
        for page in ("colour.css", "reviews"):
            self._get(f"/c/{self.shop.public_ref}/{page}")
        self._client.get(f"/plugin/return?s={self.shop.public_ref}&o={self._order_id}&t=1&h=none")
        self._write_review()
        self._prove_address()
        self._declare()
        kinds = {"wanted": ["review_request", "coupon"]}
        for purpose, more in ((Purpose.PREFERENCES, {}), (Purpose.UNSUBSCRIBE, {"k": "coupon"})):
            link = self._link(purpose, h=self._who, **more)
            self._get(link)
            self._post(link, do="stop")
            self._post(link, do="undo", **kinds)

    def ask_back(self) -> ReturnRow:
        """One piece, for a reason that is left to the merchant."""
        link, line = self._link(Purpose.RETURN, o=self._order_id), self._order.lines[0].line_id
        form = {"item": [line], f"quantity-{line}": "1", f"reason-{line}": ReturnReason.DEFECTIVE}
        self._get(link)
        self._post(link, **form, do="review")
        self._get(self._post(link, **form, do="send").location)
        self._harness.run_jobs()
        return self.asked()

    def keep(self) -> None:
        """After all."""
        row = self.asked()
        self._post(self._link(Purpose.RETURN_STATUS, r=row.public_ref))
        self._harness.run_jobs()

    def withdraw(self) -> None:
        """From the whole order."""
        link = self._link(Purpose.RETURN, o=self._order_id)
        self._get(f"{link}/withdraw")
        self._get(self._post(f"{link}/withdraw", do="confirm").location)
        self._harness.run_jobs()

    def asked(self) -> ReturnRow:
        """The newest return of the order."""
        with self._harness.shop(self.shop_id) as data:
            return max(data.returns.of_order(self._order_id), key=lambda row: row.number)

    def open_file(self) -> None:
        """What is known of somebody, by the link of the newest mail."""
        entry = next(one for one in self._harness.mails() if one.kind == "data_export_mail")
        mail = OutboxMailbox(self._harness.deps.settings.data_dir / "outbox").get(entry.id)
        assert mail
        found = re.search(r"/x/\S+", mail.text)
        assert found, entry.kind
        self._get(found[0])

    def _write_review(self) -> None:
        link, line = self._link(Purpose.REVIEW, o=self._order_id), self._order.lines[0].line_id
        self._get(link)
        form = {f"stars-{line}": "4", f"text-{line}": "Suší rýchlo.", "author": "initial"}
        self._get(self._post(link, **form).location)

    def _prove_address(self) -> None:
        page = f"/c/{self.shop.public_ref}/return"
        self._get(page)
        asked = self._post(page, number=self._order.number, email=self._email)
        self._harness.run_jobs()
        self._get(asked.location)
        with self._harness.shop(self.shop_id) as data:
            ref = urlsplit(asked.location).path.rpartition("/")[2]
            lookup = data.codes.waiting(ref, self._harness.wall.now())
        assert lookup
        assert lookup.order_id == self._order_id
        self._get(self._post(asked.location, code=lookup.code).location)

    def _declare(self) -> None:
        page = f"/c/{self.shop.public_ref}/withdraw"
        form = {"name": "Iná Osoba", "number": "77-B", "email": "ina@example.sk", "goods": "Cezve"}
        self._get(page)
        self._get(self._post(page, **form, do="declare").location)
        self._get(self._post(page, **form, do="confirm").location)
        self._harness.run_jobs()

    def _link(self, purpose: Purpose, **data: Any) -> str:
        return self._path(purpose, {"s": self.shop.public_ref, **data})

    def _path(self, purpose: Purpose, data: dict[str, str]) -> str:
        return urlsplit(self._harness.deps.links.make(purpose, data)).path

    def _get(self, path: str) -> None:
        answer = self._client.get(path, buffered=True)
        assert answer.status_code == 200, (path, answer.status_code)

    def _post(self, path: str, **form: Any) -> TestResponse:
        answer = self._client.post(path, data=form)
        assert answer.status_code in (200, 303), (path, answer.status_code)
        return answer
