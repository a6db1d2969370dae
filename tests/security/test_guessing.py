"""Links and codes that are guessed: each try is counted, no answer tells how near it was."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.channels.links import Purpose
from app.services.rate_limits import rate_limits
from tests.http.addresses import path_of, rows_of, rules
from tests.http.merchant_shop import MerchantShop


def signed_routes(shop: MerchantShop) -> list[tuple[str, str, str]]:
    """Method, rule, and address of everything behind a signed link."""
    export = tokens_of_others(shop)[Purpose.SHOP_EXPORT]
    below = ("/r/", "/u/", "/p/", "/x/", "/return/", "/return-status/", "/shop-export/")
    return [
        (method, str(rule), path_of(shop, rule, **_of_export(rule, export)))
        for method in ("GET", "POST")
        for rule in rules(shop, method)
        if str(rule).startswith(below)
    ]


def _of_export(rule: Rule, token: str) -> dict[str, str]:
    return {"token": token} if str(rule).startswith("/shop-export/") else {}


def with_token(path: str, token: str) -> str:
    first, _, rest = path.lstrip("/").partition("/")
    _, slash, tail = rest.partition("/")
    return f"/{first}/{token}{slash}{tail}"


def tokens_of_others(shop: MerchantShop) -> dict[str, str]:
    """Links that we did sign, each for its own purpose, with everything that any of them names."""
    ref = shop.shop.public_ref
    with shop.read() as data:
        who = data.customers.email_hash("kunde0@posta.example") or ""
    named = {"s": ref, "o": "4100", "h": who, "k": "review", "r": "x", "t": "x"}
    return {
        purpose: urlsplit(shop.deps.links.make(purpose, named)).path.rpartition("/")[2]
        for purpose in Purpose
    }


def test_a_link_of_one_purpose_looks_like_none_for_another(shop: MerchantShop) -> None:
    client, tokens = shop.app.test_client(use_cookies=False), tokens_of_others(shop)
    before = rows_of(shop.deps)
    own = {
        "/r/": Purpose.REVIEW,
        "/u/": Purpose.UNSUBSCRIBE,
        "/p/": Purpose.PREFERENCES,
        "/x/": Purpose.EXPORT,
        "/return/": Purpose.RETURN,
        "/return-status/": Purpose.RETURN_STATUS,
        "/shop-export/": Purpose.SHOP_EXPORT,
    }
    for method, rule, path in signed_routes(shop):
        nothing = client.open(with_token(path, "x"), method=method)
        assert nothing.status_code in (400, 404), rule
        for purpose, token in tokens.items():
            if own[f"/{rule.split('/')[1]}/"] != purpose:
                answer = client.open(with_token(path, token), method=method)
                assert alike(answer, nothing), (rule, purpose)
    assert rows_of(shop.deps) == before


def test_no_altered_link_is_nearer_than_another(shop: MerchantShop) -> None:
    client = shop.app.test_client(use_cookies=False)
    for method, rule, path in signed_routes(shop):
        token = path.split("/")[2]
        data, time, signature = token.rsplit(".", 2)
        nothing = client.open(with_token(path, "x"), method=method)
        flipped = signature[:-3] + ("A" if signature[-3] != "A" else "B") + signature[-2:]
        later = f"{time[:-1]}{'A' if time[-1] != 'A' else 'B'}"
        for wrong in (
            f"{data}.{time}.{flipped}",
            f"{data}.{later}.{signature}",
            f"{data[:-1]}.{time}.{signature}",
            f"{data}.{signature}",
            f"{data}..{signature}",
            token[:-1],
            token.upper(),
            f".{token}",
            f"{token}.",
            f"{data}.{time}.",
        ):
            assert alike(client.open(with_token(path, wrong), method=method), nothing), (
                rule,
                wrong,
            )


def alike(one: TestResponse, other: TestResponse) -> bool:
    """The same to whoever asks."""
    kept = {"X-Request-Id", "Date"}
    heads = [{k: v for k, v in each.headers.items() if k not in kept} for each in (one, other)]
    texts = [each.text.replace(each.request.path, "") for each in (one, other)]
    return (one.status_code, texts[0], heads[0]["Content-Type"]) == (
        other.status_code,
        texts[1],
        heads[1]["Content-Type"],
    ) and heads[0].keys() == heads[1].keys()


# counting


def from_address(shop: MerchantShop, address: str) -> FlaskClient:
    client = shop.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


NETWORKS = (
    ([f"2001:db8:1:2::{n:x}" for n in range(25)], True),  # what one customer is given
    ([f"2001:db8:1:2:{n:x}::1" for n in range(1, 26)], True),
    (["::ffff:203.0.113.7"] * 25, True),
    ([f"203.0.113.{n}" for n in range(1, 26)], False),
    ([f"2001:db8:{n:x}::1" for n in range(1, 26)], False),
)


def test_who_has_many_addresses_of_one_network_is_one_caller(shop: MerchantShop) -> None:
    for addresses, counts_as_one in NETWORKS:
        rate_limits.cache_clear()
        answers = [
            from_address(shop, address)
            .post("/sign-in", data={"address": f"store-{n}.example"})
            .status_code
            for n, address in enumerate(addresses)
        ]
        assert answers[:20] == [200] * 20, addresses
        assert (answers[20:] == [429] * 5) is counts_as_one, addresses


def test_a_forwarded_address_counts_only_behind_a_proxy_that_we_know(shop: MerchantShop) -> None:
    """Nobody gets a fresh count by writing another address into a header."""
    rate_limits.cache_clear()
    client = from_address(shop, "203.0.113.7")
    answers = [
        client.post(
            "/sign-in",
            data={"address": f"store-{n}.example"},
            headers={"X-Forwarded-For": f"198.51.100.{n}", "X-Real-Ip": f"198.51.100.{n}"},
        ).status_code
        for n in range(22)
    ]
    assert answers == [200] * 20 + [429] * 2


def test_a_code_is_tried_five_times_by_however_many_at_once(shop: MerchantShop) -> None:
    """The try is counted before the code is looked at."""
    rate_limits.cache_clear()
    (path,) = [
        path_of(shop, rule) for rule in rules(shop, "POST", "/c/") if "lookup_ref" in rule.arguments
    ]

    def guess(n: int) -> int:
        return from_address(shop, f"203.0.113.{n}").post(path, data={"code": f"{n:06}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(1, 25)))
    assert answers.count(422) <= 5
    assert set(answers) <= {422, 410}
    right = from_address(shop, "203.0.113.99").post(path, data={"code": "048213"})
    assert right.status_code == 410
