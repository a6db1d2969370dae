"""A delivery's bytes are measured by rows such as deliveries leave them."""

from sqlalchemy import func, select

from app.db.crypto import Keyring
from app.db.models import inbox
from app.db.session import Database, create_engine_for
from bench.copies import copy_shops
from bench.cost import deliver
from bench.shop_of import NOW, shop_of
from bench.stories import life


def test_each_order_has_its_whole_life_in_the_inbox(database_url):
    db = Database(create_engine_for(database_url), Keyring(["z" * 40]), lambda _signal: None)
    shop_id = shop_of(db, 20).shop_id
    (other,) = copy_shops(db, shop_id, 1)
    told = life("woocommerce", 2, NOW)
    assert len(told) == 5  # what docs/sizing.md counts with
    for with_body in (False, True):
        deliver(db, shop_id, told, with_body=with_body)
    counted = select(inbox.c.shop_id, inbox.c.topic, func.count()).group_by(
        inbox.c.shop_id, inbox.c.topic
    )
    bodies = select(inbox.c.sealed_body).where(func.length(inbox.c.sealed_body) > 500)
    with db.read() as uow:
        rows = {(shop, topic): count for shop, topic, count in uow.connection.execute(counted)}
        sealed = uow.connection.execute(bodies).scalars().all()
    assert {topic for shop, topic in rows if shop == other} == {"order.updated"}
    assert sum(count for (shop, _), count in rows.items() if shop == shop_id) == 20 + 2 * 5 * 20
    opened = {db.keyring.open_body(body) for body in sealed}
    assert len(sealed) == 5 * 20
    assert opened == {posted.body for posted in told}
    db.engine.dispose()
