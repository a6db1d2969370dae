"""What every column tells about a person: where, what for, how written, how long, once erased.

The table in docs/privacy.md is made of this, and a test holds it against the tables: a new column
that stands in neither list fails. `AFTER` is what erasure does; a test looks afterwards.
"""

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """How it is written."""

    SEALED = "encrypted"
    HASHED = "fingerprint"
    PLAIN = "plain"


class After(StrEnum):
    """What becomes of it when the person is erased."""

    EMPTIED = "emptied"
    DELETED = "deleted"
    DROPPED = "dropped where it shows the person"
    REPLACED = "replaced by nothing that leads to the person"
    STAYS = "stays, and leads to nobody"
    KEPT = "stays: nothing brings the person back"
    READ = "a customer’s is deleted; an order’s is, once it is read"
    SOON = "deleted within the hour by itself"
    NOT_THEIRS = "not the customer's"


ALWAYS = "until the customer is forgotten or the shop erased"
SHOP = "as long as the shop is here"
RAW = "30 days, or less as the operator set it"
DELIVERIES = "90 days; the newest one until another comes"
UNTIL_READ = "until it is read"
CARRIED_OUT = "until it is carried out"


@dataclass(frozen=True, slots=True)
class Held:
    """Columns of one table that tell one kind of thing."""

    table: str
    columns: tuple[str, ...]
    what: str
    why: str
    form: Form
    kept: str
    after: After


def _held(  # noqa: PLR0917 - one line of a table
    where: str, what: str, why: str, form: Form, after: After, kept: str = ALWAYS
) -> Held:
    table, _, columns = where.partition(": ")
    return Held(table, tuple(columns.split()), what, why, form, kept, after)


HELD: tuple[Held, ...] = (
    _held("customers: person", "names, e-mail, telephone, city, the store’s number",
          "to write to the right person", Form.SEALED, After.EMPTIED),
    _held("customers: locale country", "language and country",
          "their language, and the law that holds there", Form.PLAIN, After.EMPTIED),
    _held("customers: merged_into baseline_orders baseline_minor baseline_currency baseline_as_of "
          "baseline_first_at created_at erased_at version",
          "what was bought before, and since when", "to count milestones", Form.PLAIN, After.STAYS),
    _held("identities: kind value_hash customer_id", "e-mail and the store’s number",
          "to know the person again", Form.HASHED, After.DELETED),
    _held("consents: customer_id channel state source at", "what was agreed to, and when",
          "to write only to whom we may", Form.PLAIN, After.DELETED),
    _held("suppressions: value_hash scope at", "addresses that are not written to",
          "an unsubscription holds", Form.HASHED, After.KEPT, SHOP),
    _held("erasures: kind value_hash at", "that somebody was forgotten",
          "an erasure holds", Form.HASHED, After.KEPT, SHOP),
    _held("orders: person", "who ordered, as above", "to write about this order",
          Form.SEALED, After.EMPTIED),
    _held("orders: platform_id number customer_id doc currency total_minor refunded_minor "
          "cancelled counts placed_at paid_at version read_at",
          "what was bought, amounts, states, parcels, language, country",
          "to know when to ask, to reward, to decide", Form.PLAIN, After.STAYS),
    _held("events: type subject key customer_id data occurred_at known_at",
          "what happened to an order, and when", "rules follow from it", Form.PLAIN, After.STAYS),
    _held("inbox: sealed_body", "what the store sent, as it came, with all that it holds",
          "to read it, and again after a fault of ours", Form.SEALED, After.DROPPED, RAW),
    _held("inbox: dedupe_key", "numbers and a hash of what came", "nothing counts twice",
          Form.PLAIN, After.STAYS, DELIVERIES),
    _held("refresh: kind platform_id attempts patient due_at",
          "the store’s number of what is to be read again", "no conclusion from half a picture",
          Form.PLAIN, After.READ, UNTIL_READ),
    _held("actions: kind automation dedupe_key state order_id customer_id payload reason "
          "reason_params problem settings_version generation revision attempt cancel_requested "
          "due_at useful_until not_before lease_until created_at ended_at",
          "what is planned, done, not done, and why", "“Why did I get this?”, and nothing twice",
          Form.PLAIN, After.STAYS),
    _held("messages: customer_id action_id kind marketing message_id state at",
          "that a mail was sent, and when", "never too many", Form.PLAIN, After.STAYS),
    _held("journal: verb action_id order_id customer_id what reason params at",
          "what was decided and done", "to answer for it", Form.PLAIN, After.STAYS),
    _held("coupons: email_hash", "whose coupon it is", "one per address", Form.HASHED,
          After.REPLACED),
    _held("coupons: customer_id milestone_key code state order_id platform_ref terms created_at",
          "the coupon", "it is a promise", Form.PLAIN, After.STAYS),
    _held("reviews: sealed", "words and name of a review", "the customer sent them to you",
          Form.SEALED, After.EMPTIED),
    _held("reviews: customer_id", "who wrote it", "to know what was reviewed", Form.PLAIN,
          After.EMPTIED),
    _held("reviews: order_id product_id rating revision published_revision platform_ref created_at "
          "updated_at", "the stars", "your figures", Form.PLAIN, After.STAYS),
    _held("returns: sealed", "words of a return or declaration of withdrawal, with its name",
          "the customer sent them to you", Form.SEALED, After.EMPTIED),
    _held("returns: email_hash", "who declared a withdrawal that matched no order",
          "to find it again", Form.HASHED, After.EMPTIED),
    _held("returns: customer_id", "whose return it is", "to find it again", Form.PLAIN,
          After.EMPTIED),
    _held("returns: number public_ref order_id kind origin state platform_ref ruling value_minor "
          "currency locale revision requested_at decided_at received_at ended_at",
          "the return, the decision and its trace", "it is a promise", Form.PLAIN, After.STAYS),
    _held("return_lines: return_id line_id title variant quantity reason value_minor",
          "what is sent back, and the reason chosen", "to decide", Form.PLAIN, After.STAYS),
    _held("otp_codes: sealed", "a code and its order", "to prove an address", Form.SEALED,
          After.SOON, "10 minutes, deleted within the hour"),
    _held("privacy_requests: sealed", "who asked", "to carry it out", Form.SEALED, After.EMPTIED,
          CARRIED_OUT),
    _held("privacy_requests: kind state inbox_id requested_at done_at", "that somebody asked",
          "to show that it was done", Form.PLAIN, After.STAYS, SHOP),
    _held("exports: sealed", "a file with one customer’s data", "the customer asked", Form.SEALED,
          After.DELETED, "30 days"),
    _held("exports: token_hash filename created_at expires_at", "its address and name",
          "to find the file", Form.PLAIN, After.DELETED, "30 days"),
    _held("shops: owner_email reply_to", "the merchant’s addresses",
          "to answer, and to be answered", Form.SEALED, After.NOT_THEIRS, SHOP),
    _held("shops: name sender_name postal_address", "the merchant’s name and address",
          "mails must say who writes", Form.PLAIN, After.NOT_THEIRS, SHOP),
    _held("settings_versions: changed_by", "which user of the store", "who changed what",
          Form.PLAIN, After.NOT_THEIRS, SHOP),
    _held("templates: changed_by texts", "which user of the store, and the words",
          "who changed what", Form.PLAIN, After.NOT_THEIRS, SHOP),
    _held("returns: decided_by", "which user of the store, or the rules", "who decided",
          Form.PLAIN, After.NOT_THEIRS, SHOP),
    _held("nonces: sealed", "which user of the store signs in", "a link that works once",
          Form.SEALED, After.NOT_THEIRS, "30 minutes at most, deleted within the hour"),
)  # fmt: skip

EVERYWHERE = frozenset({"id", "shop_id"})  # our own numbers

# Nothing in these tells of anybody. "*": the whole table.
NOT_ABOUT_A_PERSON: dict[str, str] = {
    "shops": "platform domain state timezone currency country language url colour logo_url "
    "language_chosen public_ref hash_key generation history_complete return_count paused_at "
    "created_at",
    "inbox": "source priority topic state note triggered_at received_at interpreted_at",
    "otp_codes": "public_ref attempts created_at expires_at used_at",
    "nonces": "purpose value_hash expires_at used_at",
    "settings_versions": "automation version enabled data active_since created_at",
    "templates": "message language version created_at",
    "problems": "*",
    "products": "*",
    "installations": "*",
    "credentials": "*",
    "webhook_subscriptions": "*",
    "sync_cursors": "*",
    "leases": "*",
    "business_clock": "*",
    "continuity": "*",
    "restorations": "*",
}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Outside the database."""

    where: str
    what: str
    form: str
    kept: str
    after: str


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere("Redis: jobs and their flags", "numbers of ours only", "plain",
              "until done; a failed one for a day", "—"),
    Elsewhere("Redis: counters against abuse", "callers’ addresses, e-mail addresses",
              "fingerprint", "an hour", "ends by itself"),
    Elsewhere("log", "numbers and codes; no name, address, IP address, query or word",
              "plain", "as the operator keeps logs", "—"),
    Elsewhere("`DATA_DIR/outbox`", "mails, where no mail server is set", "plain",
              "until the customer is forgotten", "deleted"),
    Elsewhere("a file without a name in `DATA_DIR`, while a whole shop is read to be downloaded",
              "everything of that shop", "encrypted with a key that is in memory only",
              "until it was sent, or its process ended", "gone by then"),
    Elsewhere("`DATA_DIR/last-beat.json`, process files", "times", "plain", "always", "—"),
    Elsewhere("backups", "a copy of the database", "as the database", "as the operator set it",
              "stays until the backup is thrown away"),
    Elsewhere("the mail server, the store", "what was sent to them", "theirs", "theirs",
              "erase it there, too"),
)  # fmt: skip
