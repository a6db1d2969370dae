"""What every answer keeps to: where it may lead, be framed, be kept; from all routes there are."""

from dataclasses import replace
from urllib.parse import quote, urlsplit

from flask import Response
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import cookies
from app.channels.outbox import OutboxMailbox, StoredMail
from app.pipeline.perform import perform_due
from app.services import signing_in
from tests.http.addresses import path_of, rules
from tests.http.merchant_shop import MerchantShop

EVIL = "evil.example"
ELSEWHERE = (
    f"//{EVIL}/", f"https://{EVIL}/", f"/\\{EVIL}", f"\\\\{EVIL}", f"/\t/{EVIL}", f"https:{EVIL}",
    f"javascript:alert(1)//{EVIL}", f"http://shop.test@{EVIL}/", f"http://shop.test.{EVIL}/",
)  # fmt: skip
# Names under which applications are told where to go on, and those that ours reads.
NAMES = (
    "return_to", "return_url", "next", "redirect", "redirect_uri", "url", "to", "back", "continue",
    "host", "shop", "q", "done", "which", "moved", "user_id", "address", "lang",
)  # fmt: skip


def leads_away(location: str) -> bool:
    """Whether a browser on our page would leave our site."""
    stays = location.startswith("/") and not location.startswith(("//", "/\\"))
    return not stays or any(ord(char) < 0x21 for char in location)


def test_no_parameter_leads_away(shop: MerchantShop) -> None:
    turns = {name: ELSEWHERE[n % len(ELSEWHERE)] for n, name in enumerate(NAMES)}
    redirects = 0
    for method in ("GET", "POST"):
        for rule in sorted(rules(shop, method), key=str):
            if str(rule) == "/dev/clock":
                continue  # waits for jobs
            form = {"csrf_token": "csrf-of-the-session", **turns} if method == "POST" else None
            answer = shop.client.open(
                path_of(shop, rule), method=method, query_string=turns, data=form, buffered=True
            )
            for header in ("Location", "HX-Location", "HX-Redirect", "Refresh", "Content-Location"):
                if location := answer.headers.get(header):
                    redirects += 1
                    assert not leads_away(location), (str(rule), location)
    assert redirects > 20


def test_no_address_leads_away(shop: MerchantShop) -> None:
    for elsewhere in ELSEWHERE:
        for below in ("", "app/", "shopify/", "shopify/app/", "sign-in/", "connect/", "r/", "c/"):
            path = f"{below}{elsewhere}"
            for spelled in (path, quote(path), quote(path, safe="")):
                answer = shop.client.get("/" + spelled.lstrip("/"), headers={"Host": EVIL})
                assert answer.status_code < 500, spelled
                assert not leads_away(answer.headers.get("Location", "/")), spelled


def test_a_mended_address_stays_where_the_browser_is(shop: MerchantShop) -> None:
    """Whatever host a proxy, or somebody, named."""
    for path in ("/app", "/app//activity", "/dev", "//connect", "/app/returns//", "/shopify//app/"):
        answer = shop.client.get(path, headers={"Host": EVIL, "X-Forwarded-Host": EVIL})
        assert answer.status_code in (303, 308, 404), path
        assert not leads_away(answer.headers.get("Location", "/")), path
        assert answer.headers["Cache-Control"] == "no-store", path


def ancestors(answer: TestResponse) -> str:
    policy = answer.headers["Content-Security-Policy"]
    return next(part for part in policy.split("; ") if part.startswith("frame-ancestors"))


FORGED = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "gopher",
    "Forwarded": f"host={EVIL}",
}


def test_what_pages_promise_to_browsers_and_caches(shop: MerchantShop) -> None:
    """Not framed, not kept, not written with a host that the request named; for every address."""
    mailed = ("/r/", "/u/", "/p/", "/x/", "/return", "/c/", "/plugin/return")
    for rule in rules(shop, "GET"):
        name, path = str(rule), path_of(shop, rule)
        for client in (shop.client, shop.app.test_client()):
            answer = client.get(path, headers=FORGED, buffered=True)
            assert EVIL not in answer.text, name
            assert EVIL not in str(answer.headers), name
            if not name.startswith(("/dev/mail/", "/shopify")):
                assert ancestors(answer) == "frame-ancestors 'none'", name
            if rule.endpoint not in ("static", "customer.our_colour", "customer.shop_colour"):
                assert answer.headers["Cache-Control"] == "no-store", name
            if name.startswith(mailed):  # addresses that are a proof by themselves
                assert answer.headers["Referrer-Policy"] == "no-referrer", name
                assert "noindex" in answer.headers["X-Robots-Tag"], name
                assert "Set-Cookie" not in answer.headers, name


def test_no_mail_is_written_with_a_host_that_the_request_named(shop: MerchantShop) -> None:
    asked = {"address": shop.shop.domain}
    sent = shop.app.test_client().post("/sign-in", data=asked, headers=FORGED)
    assert sent.status_code == 200
    perform_due(shop.deps, shop.shop.id)
    mail = sign_in_mail(shop)
    assert "http://shop.test/sign-in/" in mail.text
    assert EVIL.encode() not in mail.raw


def test_inside_shopify_only_the_shops_own_admin_frames(shop: MerchantShop) -> None:
    stranger = shop.app.test_client()
    for path in ("/app/", "/app/activity", "/", "/shopify", "/shopify/app/returns"):
        answer = stranger.get(f"{path}?shop=some-shop.myshopify.com")
        assert ancestors(answer) == (
            "frame-ancestors https://some-shop.myshopify.com https://admin.shopify.com"
        )
    for forged in (EVIL, f"x.myshopify.com.{EVIL}", "*", "a.myshopify.com https://b", "'self'"):
        answer = stranger.get(f"/app/?shop={quote(forged)}")
        assert ancestors(answer) == "frame-ancestors 'none'", forged


# forms


ACTS_ONCE = {"customer.return_status_now", "customer.withdraw_order_now"}


def _needs_no_check(rule: Rule) -> bool:
    """Forms that carry their own proof in address or body: a browser adds nothing to it."""
    return str(rule).startswith(
        ("/webhooks/", "/plugin/", "/c/", "/p/", "/r/", "/u/", "/return", "/dev/")
    )


def test_a_form_of_another_site_is_refused_wherever_a_browser_would_add_a_session(
    shop: MerchantShop,
) -> None:
    """Every POST route is in one of the two sorts; a new one must be put into one."""
    machines = {"/connect/woocommerce/callback"}
    for rule in rules(shop, "POST"):
        if _needs_no_check(rule) or str(rule) in machines:
            continue
        path = path_of(shop, rule)
        for headers in (
            {"Origin": f"https://{EVIL}"},
            {"Origin": "null"},
            {"Origin": f"http://shop.test.{EVIL}"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = shop.client.post(
                path, data={"csrf_token": "csrf-of-the-session"}, headers=headers
            )
            assert answer.status_code == 403, (path, headers)


def test_the_other_forms_do_the_same_with_and_without_a_session(shop: MerchantShop) -> None:
    for rule in rules(shop, "POST"):
        if not _needs_no_check(rule) or str(rule).startswith("/dev/"):
            continue
        path = path_of(shop, rule)
        with_session = shop.client.post(path)
        assert "Set-Cookie" not in with_session.headers, path
        if rule.endpoint in ACTS_ONCE:
            continue
        without = shop.app.test_client().post(path)
        assert without.status_code == with_session.status_code, path


# cookies and sessions


def test_signing_in_begins_a_session_that_nobody_else_could_have_prepared(
    shop: MerchantShop,
) -> None:
    """An attacker's cookie, planted before, is neither kept nor has its form token live on."""
    client: FlaskClient = shop.app.test_client()
    client.set_cookie(*shop.cookie())
    planted = shop.cookie()[1]
    token = signed_link(shop)
    answer = client.post(token)
    assert (answer.status_code, answer.location) == (303, "/app/")
    cookie = client.get_cookie("afterglow")
    assert cookie
    assert cookie.value != planted
    stolen = client.post("/app/pause", data={"csrf_token": "csrf-of-the-session"})
    assert stolen.status_code == 403


def signed_link(shop: MerchantShop) -> str:
    """The path of a sign-in link, as the owner's mail has it."""
    signing_in.send_link(shop.deps, shop.shop.domain)
    perform_due(shop.deps, shop.shop.id)
    address = next(word for word in sign_in_mail(shop).text.split() if "/sign-in/" in word)
    return urlsplit(address).path


def sign_in_mail(shop: MerchantShop) -> StoredMail:
    """The one that went to the owner."""
    (entry,) = [each for each in shop.mails() if each.kind == "sign_in_mail"]
    mail = OutboxMailbox(shop.deps.settings.data_dir / "outbox").get(entry.id)
    assert mail
    return mail


def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites(shop: MerchantShop) -> None:
    for public_url, prefix, secure in (
        ("http://shop.test", "", False),
        ("https://shop.test", "__Host-", True),
    ):
        settings = shop.deps.settings.model_copy(update={"public_url": public_url})
        deps = replace(shop.deps, settings=settings)
        for name in (cookies.SESSION, "afterglow-connect"):
            response = Response()
            cookies.put(deps, response, name, {"x": 1}, cookies.IDLE)
            text = response.headers["Set-Cookie"]
            assert text.startswith(f"{prefix}{name}=")
            for part in ("; HttpOnly", "; Path=/", "; SameSite=Lax", "; Max-Age="):
                assert part in text
            assert ("; Secure" in text) is secure
            assert "Domain" not in text


def test_a_cookie_of_one_purpose_is_worthless_for_another(shop: MerchantShop) -> None:
    response = Response()
    data = {"s": shop.shop.id, "g": shop.shop.generation, "u": "owner", "c": "x"}
    cookies.put(shop.deps, response, "afterglow-connect", data, cookies.IDLE)
    value = response.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    client = shop.app.test_client()
    client.set_cookie("afterglow", value)
    assert client.get("/app/").location == "/sign-in"
