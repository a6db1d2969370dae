"""The parts that all shops share: database, secrets, clock, work, mail, public address."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from app.channels.smtp import SmtpTransport
from app.db import health
from app.db.backlog import backlog
from app.db.rotation import seals
from app.deps import Deps
from app.domain.errors import OperatorMustFix, Retryable
from app.services.checkup.finding import Finding

MINUTE = timedelta(minutes=1)
LATE = 5 * MINUTE  # what is due is done within seconds; a slow store may hold it up
_ROOM = 500_000_000  # bytes
_SECONDS = 10.0
_STOPPED = (
    "Deliveries are answered 503 and nothing is done. What is missed is read from the stores once "
    "it is back."
)
_START = "Start it: `afterglow {}`, or everything with `afterglow run`."


def check_database(deps: Deps) -> Iterator[Finding]:
    """Reached, of this release, writable; of SQLite also where it lies and what room is left."""
    area, kind = "database", urlsplit(deps.settings.database).scheme.partition("+")[0]
    found = health.condition(deps.db)
    match found:
        case health.UNREACHABLE:
            yield Finding.broken(
                area, f"The {kind} database does not answer.", _STOPPED,
                "Check DATABASE_URL, and whether its server runs and lets this machine in.",
            )  # fmt: skip
        case health.NOT_MIGRATED:
            yield Finding.broken(
                area, "The schema is older than this release.", _STOPPED, "Run: afterglow migrate",
            )  # fmt: skip
        case health.READ_ONLY:
            yield Finding.broken(
                area, "It can be read but not written.", _STOPPED,
                "Look for a full disk, missing rights, a standby server, or a program that holds "
                "the file.",
            )  # fmt: skip
    lies = health.place(deps.settings.database)
    if lies is None:
        if found == health.OK:
            yield Finding.ok(area, f"{kind} answers, is up to date and can be written.")
        return
    told = f"SQLite in {lies.path}: {_size(lies.size)}, {_size(lies.free)} free on its disk."
    if lies.free < _ROOM:
        yield Finding.attention(
            area, told, "When the disk is full, deliveries are refused.", "Make room."
        )
    else:
        yield Finding.ok(area, told)


def check_secrets(deps: Deps) -> Iterator[Finding]:
    """Whether the keys open what is stored; without that nothing works, and nothing says why."""
    keys = len(deps.settings.keys)
    told = seals(deps.db)
    if told.unreadable:
        yield Finding.broken(
            "secrets",
            f"{told.unreadable} of {told.all} stores' secrets open with none of SECRET_KEYS.",
            "Nothing can be read or sent for these stores.",
            "Put the key that sealed them behind the others (it may have come with a backup).",
        )
    elif told.older:
        yield Finding.ok(
            "secrets",
            f"{keys} keys; {told.older} of {told.all} stores' secrets still need an older one "
            "(afterglow rotate-keys).",
        )
    else:
        yield Finding.ok("secrets", f"{keys} key{'s' if keys > 1 else ''}; what is stored opens.")


def check_clock(deps: Deps) -> Iterator[Finding]:
    """Whether the clock process beats."""
    with deps.db.read() as uow:
        age = backlog(uow, deps.business.now(), deps.wall.now()).beat_age
    if age is None or age > MINUTE:
        since = "It has never run." if age is None else f"Its last beat was {span(age)} ago."
        yield Finding.broken(
            "clock", since, "What falls due is not done, and lost deliveries are not looked for.",
            _START.format("clock"),
        )  # fmt: skip
    else:
        yield Finding.ok("clock", f"Its last beat was {span(max(age, timedelta()))} ago.")


def check_work(deps: Deps) -> Iterator[Finding]:
    """What waits, and whether it waits too long."""
    with deps.db.read() as uow:
        found = backlog(uow, deps.business.now(), deps.wall.now())
    if found.inbox_wait and found.inbox_wait > MINUTE:
        yield Finding.broken(
            "work",
            f"{found.inbox_pending} deliveries wait to be read, the oldest for "
            f"{span(found.inbox_wait)}.",
            "What happened in the stores is not known yet.",
            "See whether a worker runs; if one does, start more of them.",
        )
    if found.due_lag and found.due_lag > LATE:
        yield Finding.broken(
            "work",
            f"{found.actions_late} actions are late, the oldest by {span(found.due_lag)}.",
            "Customers get their mails later than they should.",
            "See whether worker and clock run, and what the log says of perform.retry.",
        )
    if found.inbox_failed or found.actions.get("failed"):
        yield Finding.attention(
            "work",
            f"{found.inbox_failed} deliveries and {found.actions.get('failed', 0)} actions were "
            "stopped by a fault of ours.",
            "They are kept and hold up nothing else.",
            "Look for interpret.bug and perform.bug in the log; merchants can try them again.",
        )
    if not (found.inbox_wait and found.inbox_wait > MINUTE) and not (
        found.due_lag and found.due_lag > LATE
    ):
        planned = found.actions.get("planned", 0) + found.actions.get("deferred", 0)
        yield Finding.ok("work", f"{planned} actions are planned; nothing is late.")


def check_mail(deps: Deps) -> Iterator[Finding]:
    """Whether the mail server would take a mail; none is sent."""
    settings = deps.settings
    if not isinstance(deps.mail, SmtpTransport):
        folder = settings.data_dir.resolve() / "outbox"
        yield Finding.ok("mail", f"Mails go into the outbox ({folder}), to nobody.")
        return
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        deps.mail.patient(_SECONDS).probe(deps.mail_from)
    except OperatorMustFix as error:
        yield Finding.broken("mail", f"{server}: {error}", "No mail goes out; all of it waits.",
                             "Mend the SMTP settings or the account.")  # fmt: skip
    except Retryable as error:
        yield Finding.broken("mail", f"{server}: {error}", "No mail goes out; all of it waits.",
                             "Check SMTP_HOST and SMTP_PORT, and whether this machine may "
                             "connect to them.")  # fmt: skip
    else:
        how = "without log-in" if not settings.smtp_user else "with log-in"
        yield Finding.ok("mail", f"{server} takes mail from {deps.mail_from} "
                                 f"({settings.smtp_security}, {how}); none was sent.")  # fmt: skip
    if settings.smtp_security == "none" and not _local(settings.smtp_host):
        yield Finding.attention(
            "mail", f"{server} is spoken to without encryption.",
            "Customers' addresses and our password can be read on the way.",
            "Set SMTP_SECURITY to starttls or tls.",
        )  # fmt: skip


def check_public_url(deps: Deps) -> Iterator[Finding]:
    """Whether PUBLIC_URL leads here, seen from this machine."""
    area, url = "address", deps.settings.public_url
    unreached = "Stores cannot deliver, and links in mails lead nowhere."
    if urlsplit(url).scheme != "https" and not deps.settings.development:
        yield Finding.broken(area, f"{url} is not https.", unreached, "Set PUBLIC_URL with https.")
        return
    try:
        answer = requests.get(f"{url}/healthz", timeout=_SECONDS, allow_redirects=False)
    except requests.exceptions.SSLError:
        yield Finding.broken(area, f"The certificate of {url} is not valid.", unreached,
                             "Renew it, with its whole chain, at the proxy.")  # fmt: skip
        return
    except requests.exceptions.Timeout:
        yield Finding.broken(area, f"{url} did not answer within {_SECONDS:.0f} seconds.",
                             unreached, "See whether proxy and web process run.")  # fmt: skip
        return
    except requests.exceptions.RequestException as error:
        yield Finding.broken(area, f"{url} cannot be reached ({type(error).__name__}).", unreached,
                             "Check the name, the firewall, the proxy, and that the web process "
                             "runs.")  # fmt: skip
        return
    told = _told(answer)
    if told.get("status") != "ok":
        yield Finding.broken(area, f"{url}/healthz answers {answer.status_code}, not as we do.",
                             unreached, "Let the proxy pass everything on to the web process, "
                             "without redirects.")  # fmt: skip
    elif told.get("installation") != deps.links.installation:
        yield Finding.broken(area, f"Another Afterglow answers at {url}, or one with other keys.",
                             "Stores and links reach that one.",
                             "Check PUBLIC_URL, and that all processes have the same "
                             "SECRET_KEYS.")  # fmt: skip
    else:
        yield Finding.ok(area, f"{url} leads here (seen from this machine).")
    if not deps.settings.trusted_proxies and urlsplit(url).scheme == "https":
        yield Finding.attention(
            area, "TRUSTED_PROXIES is 0, though the web process itself speaks no https.",
            "Everybody seems to come from the proxy, so one visitor's rate limit is everybody's.",
            "Set TRUSTED_PROXIES to the number of proxies in front, usually 1.",
        )  # fmt: skip


def _told(answer: requests.Response) -> dict[str, Any]:
    try:
        told = answer.json() if answer.status_code == 200 else None
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def span(age: timedelta) -> str:
    """A time for people: the two largest parts are enough."""
    seconds = int(age.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _local(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")
