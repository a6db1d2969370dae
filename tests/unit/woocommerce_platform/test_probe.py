import pytest

from app.platforms.woocommerce.probe import ProbeFailure, StoreFound, probe

from .fake_store import JSON, running, self_signed

HTML = {"Content-Type": "text/html"}
HEAD = (
    b'<html><head><meta name="generator" content="WordPress 6.9.7" />'
    b'<meta name="generator" content="WooCommerce 10.0.2" /></head>'
)
INDEX = {"name": "Mugs", "home": "http://x", "namespaces": ["wc/v3", "wp/v2"]}
MISSING = (404, JSON, {"code": "rest_no_route"})


@pytest.fixture
def site():
    with running() as fake:
        yield fake


def serve(fake, pages):
    fake.answer = lambda seen: pages.get(seen.path, (404, HTML, b"<html>nothing"))


def look(address):
    return probe(address, user_agent="Afterglow/1", allow_loopback=True)


def link(fake, path="/wp-json/"):
    return HTML | {"Link": f'<{fake.url}{path}>; rel="https://api.w.org/"'}


def test_a_store_is_found_with_its_versions(site):
    serve(site, {"/": (200, link(site), HEAD), "/wp-json/": (200, JSON, INDEX)})
    assert look(site.url) == StoreFound(site.url, "Mugs", "6.9.7", "10.0.2")


@pytest.mark.parametrize(
    "tail", ["/", "/wp-admin", "/wp-login.php?x=1", "/wp-json/wc/v3", "?a=b#c"]
)
def test_any_page_that_merchants_copy_leads_to_the_same_home(site, tail):
    serve(site, {"/": (200, link(site), b"x"), "/wp-json/": (200, JSON, INDEX)})
    assert look(site.url + tail).home == site.url


def test_a_store_in_a_folder_keeps_it(site):
    pages = {
        "/shop/mug/": (200, link(site, "/shop/wp-json/"), HEAD),
        "/shop/wp-json/": (200, JSON, INDEX),
    }
    serve(site, pages)
    assert look(f"{site.url}/shop/mug").home == f"{site.url}/shop"


def test_without_a_link_header_the_usual_place_is_tried(site):
    serve(site, {"/shop/": (200, HTML, HEAD), "/shop/wp-json/": (200, JSON, INDEX)})
    assert look(f"{site.url}/shop").home == f"{site.url}/shop"


def test_redirects_within_the_site_are_followed(site):
    pages = {
        "/": (302, {"Location": "/en/"}, b""),
        "/en/": (200, link(site), HEAD),
        "/wp-json/": (200, JSON, INDEX),
    }
    serve(site, pages)
    assert look(site.url).home == site.url


def failures(fake):
    plain = fake.url + "/?rest_route=/"
    return {
        "other site": (
            {"/": (301, {"Location": "https://new.example/"}, b"")},
            ProbeFailure("redirects_elsewhere", {"host": "new.example"}),
        ),
        "loop": (
            {"/": (301, {"Location": "/"}, b"")},
            ProbeFailure("redirects_elsewhere", {"host": "127.0.0.1"}),
        ),
        "no WordPress": ({"/": (200, HTML, b"hi")}, ProbeFailure("not_wordpress", HOST)),
        "no WooCommerce": (
            {"/": (200, link(fake), b""), "/wp-json/": (200, JSON, INDEX | {"namespaces": []})},
            ProbeFailure("woocommerce_missing", {"name": "Mugs"}),
        ),
        "plain permalinks": (
            {"/": (200, HTML | {"Link": f'<{plain}>; rel="https://api.w.org/"'}, b"")},
            ProbeFailure("plain_permalinks"),
        ),
        "REST under another name": (
            {"/": (200, link(fake, "/api/"), b"")},
            ProbeFailure("rest_moved", {"root": f"{fake.url}/api/"}),
        ),
        "firewall": (
            {"/": (200, link(fake), b""), "/wp-json/": (403, HTML, b"<html>denied")},
            ProbeFailure("rest_blocked", {"status": "403"}),
        ),
        "log-in plugin": (
            {"/": (200, link(fake), b""), "/wp-json/": (401, JSON, {"code": "rest_not_logged_in"})},
            ProbeFailure("rest_blocked", {"status": "401"}),
        ),
        "challenge page": (
            {"/": (200, link(fake), b""), "/wp-json/": (200, HTML, b"<html>are you human")},
            ProbeFailure("rest_blocked", {"status": "200"}),
        ),
        "broken site": ({"/": (500, HTML, b"")}, ProbeFailure("server_error", {"status": "500"})),
    }


HOST = {"host": "127.0.0.1"}


def test_each_obstacle_has_its_own_code(site):
    for name, (pages, expected) in failures(site).items():
        serve(site, pages)
        assert look(site.url) == expected, name


def test_plain_permalinks_without_a_link_header(site):
    def answer(seen):
        return (200, JSON, INDEX) if seen.query.get("rest_route") == "/" else (404, HTML, b"")

    site.answer = answer
    assert look(site.url) == ProbeFailure("plain_permalinks")


def test_nobody_there():
    assert look("http://127.0.0.1:1") == ProbeFailure("unreachable", HOST)


def test_a_certificate_that_nobody_signed(tmp_path):
    with running(self_signed(tmp_path)) as fake:
        assert look(fake.url) == ProbeFailure("tls", {"host": "localhost"})


@pytest.mark.parametrize(
    "address",
    ["", "   ", "ftp://shop.example", "https://user:word@shop.example", "https://shop.example:8443",
     "https://", "http://[::1", "mailto:x@shop.example", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_web_address(address):
    failure = probe(address, user_agent="Afterglow/1")
    assert failure.code == "address_invalid"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "http://[::1]/", "https://10.0.0.1/shop", "0.0.0.0"]
)
def test_our_own_network_is_not_looked_at(address):
    assert probe(address, user_agent="Afterglow/1").code == "address_not_public"


def test_an_http_store_is_told_apart_from_a_dead_one(site, monkeypatch):
    # As without the switch: https is tried first, then http only to say what is wrong.
    from app.platforms.woocommerce import probe as module

    serve(site, {"/": (200, link(site), HEAD)})
    with (
        module.checked_session("t", allow_loopback=True) as session,
        pytest.raises(module._Stopped) as stopped,
    ):
        module._front_page(session, site.url.replace("http://", "https://") + "/", False)
    assert stopped.value.failure == ProbeFailure("http_only", HOST)
