"""Builds the real `Deps` from settings. The only place where implementations are chosen."""

from datetime import timedelta
from importlib.metadata import version

from app.channels.base import MailTransport
from app.channels.links import Links
from app.channels.outbox import OutboxTransport
from app.channels.smtp import SmtpSettings, SmtpTransport
from app.config import Settings
from app.db import clock as business_offset
from app.db.crypto import Keyring
from app.db.session import Database, create_engine_for
from app.deps import Deps
from app.domain.clocks import BusinessClock, Clock, WallClock
from app.jobs.queues import connect, dispatcher
from app.platforms.base import Platform
from app.platforms.shopify.platform import Shopify
from app.platforms.woocommerce.platform import WooCommerce
from app.services.connections import StoreOpener


def build_deps(settings: Settings, wall: Clock | None = None, queue_within: float = 2.0) -> Deps:
    """Everything wired; nothing is contacted yet. `queue_within`: seconds for a word of Redis."""
    wall = wall or WallClock()
    keyring = Keyring(settings.keys)
    dispatch = dispatcher(connect(settings.redis_url, queue_within))
    db = Database(create_engine_for(settings.database), keyring, dispatch)
    platforms = build_platforms(settings, wall)
    return Deps(
        db=db,
        wall=wall,
        business=_business_clock(settings, db, wall),
        platforms=platforms,
        open_store=StoreOpener(db, platforms, wall),
        mail=_mail(settings),
        mail_from=settings.mail_from or "afterglow@localhost.localdomain",
        links=Links(settings.public_url, keyring.link_keys()),
        settings=settings,
        dispatch=dispatch,
    )


def build_platforms(settings: Settings, wall: Clock) -> dict[str, Platform]:
    """WooCommerce always; Shopify where there is an app to speak for."""
    agent = f"Afterglow/{version('afterglow-app')}"
    platforms: dict[str, Platform] = {
        "woocommerce": WooCommerce(agent, wall, allow_loopback=settings.allow_loopback_stores)
    }
    if settings.shopify_client_id:
        platforms["shopify"] = Shopify(
            settings.shopify_client_id, settings.shopify_secrets, wall, settings.shopify_origin
        )
    return platforms


def _business_clock(settings: Settings, db: Database, wall: Clock) -> BusinessClock:
    """Only development moves business time; production never even asks."""
    if not settings.development:
        return BusinessClock(wall, timedelta)

    def offset() -> timedelta:
        with db.read() as uow:
            return business_offset.offset(uow)

    return BusinessClock(wall, offset)


def _mail(settings: Settings) -> MailTransport:
    if settings.mail_transport == "outbox":
        return OutboxTransport(settings.data_dir / "outbox")
    return SmtpTransport(
        SmtpSettings(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_user or None,
            settings.smtp_password or None,
        )
    )
