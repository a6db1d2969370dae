"""One return with all that a merchant needs to decide on it."""

from dataclasses import dataclass, replace

from app.automations.returns_approval import ReturnsApproval, ReturnsApprovalSettings
from app.automations.returns_approval.prospects import Cost
from app.db.returns import ReturnRow
from app.db.settings import SettingsVersion
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.ids import CustomerId, ReturnId, ShopId
from app.domain.returns import ReturnLine, ReturnWords
from app.domain.snapshots import OrderSnapshot, Person
from app.pipeline.returns.terms import cost_of, settings_now
from app.pipeline.runtime import Runtime
from app.services.returns.deciding import Step, can_undo, steps_of
from app.services.returns.listing import Deadline, deadline_of, person_of


@dataclass(frozen=True, slots=True)
class Looked:
    """A return from all sides. `order` is None where none was matched; `ruled_with` is None where
    the rules did not decide.
    """

    row: ReturnRow
    lines: tuple[ReturnLine, ...]
    words: ReturnWords
    order: OrderSnapshot | None
    person: Person
    customer_id: CustomerId | None
    orders: int  # of this customer
    others: tuple[ReturnRow, ...]  # this customer's and this order's, newest first
    ruled_with: tuple[SettingsVersion, ReturnsApprovalSettings] | None
    cost: Cost
    deadline: Deadline | None
    steps: tuple[Step, ...]
    can_undo: bool


def look(rt: Runtime, shop_id: ShopId, return_id: ReturnId) -> Looked | None:
    """Everything about one return; None if the shop has no such. Decrypts; reads only."""
    with rt.db.read() as uow:
        data, shop = ShopData(uow, shop_id), Shops(uow).get(shop_id)
        row = data.returns.get(return_id)
        if row is None:
            return None
        stored = data.orders.get(row.order_id) if row.order_id else None
        order = (
            replace(stored.order, person=data.orders.person(stored.order.order_id))
            if stored
            else None
        )
        lines, words = data.returns.lines([row.id]).get(row.id, ()), data.returns.words(row)
        known = data.returns.concerning(row.order_id, row.customer_id) if row.order_id else []
        return Looked(
            row=row,
            lines=lines,
            words=words,
            order=order,
            person=person_of(order, words),
            customer_id=row.customer_id,
            orders=len(data.orders.of_customer(row.customer_id)) if row.customer_id else 0,
            others=tuple(other for other in reversed(known) if other.id != row.id),
            ruled_with=_ruled_with(data, row),
            cost=cost_of(settings_now(data), row, lines, shop),
            deadline=deadline_of(row, order, shop, rt.business.now()),
            steps=steps_of(row),
            can_undo=can_undo(data, row),
        )


def _ruled_with(
    data: ShopData, row: ReturnRow
) -> tuple[SettingsVersion, ReturnsApprovalSettings] | None:
    if row.ruling is None or not row.ruling.settings_version:
        return None
    version = data.settings.at(ReturnsApproval.key, row.ruling.settings_version)
    if version is None:
        return None
    return version, ReturnsApprovalSettings.model_validate(version.data)
