"""What the twin has for returns: notes, metadata, shelves and sales, core's withdrawal form."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from woocommerce_shop import Shop, shop

FORM = {
    "order_withdrawal_first_name": "Eva",
    "order_withdrawal_last_name": "K.",
    "order_withdrawal_email": "eva@example.com",
    "order_withdrawal_email_confirmation": "EVA@example.com",
    "order_withdrawal_withdrawal_type": "full_order",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with shop(demo=True) as started:
        yield started


@pytest.fixture
def order(running: Shop) -> dict[str, Any]:
    return running.control("orders", {"email": "Eva@example.com", "items": [{"sku": "PES-EGE"}]})


def product(running: Shop, sku: str) -> dict[str, Any]:
    (found,) = running.rest("GET", "products", params={"sku": sku}).json()
    return found


def metas(running: Shop, order: dict[str, Any]) -> dict[str, Any]:
    return {
        m["key"]: m["value"]
        for m in running.rest("GET", f"orders/{order['id']}").json()["meta_data"]
    }


def write(running: Shop, order: dict[str, Any], *rows: dict[str, Any]) -> list[dict[str, Any]]:
    changed = running.rest("PUT", f"orders/{order['id']}", json={"meta_data": list(rows)})
    assert changed.status_code == 200
    return [row for row in changed.json()["meta_data"] if row["key"].startswith("_ours")]


def test_notes_are_made_read_told_apart_and_deleted(running: Shop, order: dict[str, Any]) -> None:
    path = f"orders/{order['id']}/notes"
    private = running.post(path, {"note": "for us"})
    assert list(private) == [
        "id", "author", "date_created", "date_created_gmt", "note", "customer_note", "_links",
    ]  # fmt: skip
    assert (private["author"], private["customer_note"]) == ("system", False)
    told = running.post(path, {"note": "for them", "customer_note": True})
    listed = running.rest("GET", path, params={"type": "internal"}).json()
    assert private["id"] in [note["id"] for note in listed]
    assert told["id"] not in [note["id"] for note in listed]
    assert running.rest("GET", f"{path}/{told['id']}").json()["note"] == "for them"
    binned = running.rest("DELETE", f"{path}/{told['id']}")
    assert (binned.status_code, binned.json()["code"]) == (
        501,
        "woocommerce_rest_trash_not_supported",
    )
    running.rest("DELETE", f"{path}/{told['id']}", params={"force": "true"})
    gone = running.rest("GET", f"{path}/{told['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "woocommerce_rest_invalid_id")


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("GET", "woocommerce_rest_shop_order_invalid_id"),
        ("POST", "woocommerce_rest_order_invalid_id"),
    ],
)
def test_notes_of_no_order(running: Shop, method: str, code: str) -> None:
    answer = running.rest(method, "orders/999999/notes", json={"note": "x"})
    assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_metadata_is_found_by_id_or_else_by_key(running: Shop, order: dict[str, Any]) -> None:
    (first,) = write(running, order, {"key": "_ours_1", "value": {"state": "requested"}})
    both = write(running, order, {"key": "_ours_2", "value": "other"})
    assert [row["key"] for row in both] == ["_ours_1", "_ours_2"]
    same = write(running, order, {"key": "_ours_1", "value": "by key"})
    assert same[0] == {"id": first["id"], "key": "_ours_1", "value": "by key"}
    renamed = write(running, order, {"id": first["id"], "key": "_ours_3", "value": "by id"})
    assert renamed[0] == {"id": first["id"], "key": "_ours_3", "value": "by id"}
    left = write(running, order, {"id": first["id"], "key": "_ours_3", "value": None})
    assert [row["key"] for row in left] == ["_ours_2"]
    assert write(running, order, {"key": "_ours_2", "value": None}) == []
    assert write(running, order, {"key": "_ours_2", "value": None}) == []


def test_rest_cannot_keep_two_rows_of_one_key(running: Shop, order: dict[str, Any]) -> None:
    """As core's WC_Data does it: an unknown id removes all rows of the key, then adds one."""
    (first,) = write(running, order, {"key": "_ours", "value": "one"})
    (second,) = write(running, order, {"id": 999_999, "key": "_ours", "value": "two"})
    assert second["id"] != first["id"]
    assert second["value"] == "two"


def test_shelves_and_sales_of_the_demo(running: Shop) -> None:
    towels = product(running, "UTI-BUR")
    assert (towels["regular_price"], towels["sale_price"], towels["price"]) == (
        "14.90",
        "11.90",
        "11.90",
    )
    assert towels["on_sale"]
    assert "Original price was: &euro;14.90." in towels["price_html"]
    final = product(running, "OBR-MOD")
    assert [term["name"] for term in final["categories"]] == ["Final sale"]
    assert not final["on_sale"]
    assert [term["name"] for term in product(running, "DEK-CIC")["tags"]] == ["no-return"]
    assert [term["slug"] for term in product(running, "VAN-KIL")["categories"]] == ["uncategorized"]
    placed = running.control("orders", {"email": "a@example.com", "items": [{"sku": "UTI-BUR"}]})
    assert placed["line_items"][0]["subtotal"] == "11.90"


def test_categories_are_made_given_and_counted(running: Shop) -> None:
    made = running.post("products/categories", {"name": "Uteráky & spol."})
    taken = running.rest("POST", "products/categories", json={"name": "Uteráky & spol."})
    assert (taken.status_code, taken.json()["code"]) == (400, "term_exists")
    towel = product(running, "PES-EGE")
    given = {"categories": [{"id": made["id"]}, {"id": 999_999}], "tags": []}
    changed = running.rest("PUT", f"products/{towel['id']}", json=given).json()
    assert [term["id"] for term in changed["categories"]] == [made["id"]]
    found = running.rest("GET", "products/categories", params={"search": "uteráky"}).json()
    assert [(term["id"], term["count"]) for term in found] == [(made["id"], 1)]


def test_a_variable_product_names_its_choices_and_they_their_prices(running: Shop) -> None:
    shirt = running.post("products", {"name": "Shirt", "type": "variable"})
    choice = running.post(
        "products",
        {
            "name": "Shirt - M",
            "type": "variation",
            "parent_id": shirt["id"],
            "regular_price": "22.00",
            "sale_price": "18.00",
        },
    )
    parent = running.rest("GET", f"products/{shirt['id']}").json()
    assert (parent["variations"], parent["regular_price"]) == ([choice["id"]], "")
    (row,) = running.rest("GET", f"products/{shirt['id']}/variations").json()
    assert (row["id"], row["regular_price"], row["price"]) == (choice["id"], "22.00", "18.00")
    one = running.rest("GET", f"products/{shirt['id']}/variations/{choice['id']}").json()
    assert one["id"] == row["id"]
    assert running.rest("GET", f"products/{choice['id']}/variations/1").status_code == 404


def test_a_withdrawal_marks_the_order_once(running: Shop, order: dict[str, Any]) -> None:
    running.hook("order.updated")
    running.drained()
    running.receiver.take()
    running.control(f"orders/{order['id']}/withdraw", {"type": "specific_items_only"})
    assert metas(running, order)["_order_withdrawal_requested"] == "yes"
    notes = running.rest("GET", f"orders/{order['id']}/notes").json()
    assert notes[0]["note"] == ("Order withdrawal requested. Withdrawal type: Specific items only.")
    running.drained()
    assert [sent.path for sent in running.receiver.take()] == ["/order.updated"]
    again = requests.post(f"{running.url}/_twin/orders/{order['id']}/withdraw", json={}, timeout=10)
    assert (again.status_code, again.json()["code"]) == (400, "order_withdrawal_requested")


def form(running: Shop, action: str, **changes: str) -> str:
    sent = FORM | {"order_withdrawal_action": action}
    sent |= {f"order_withdrawal_{name}": value for name, value in changes.items()}
    url = f"{running.url}/my-account/order-withdrawal/"
    return requests.post(url, data=sent, timeout=10).text


def test_the_customer_declares_reviews_and_confirms(running: Shop, order: dict[str, Any]) -> None:
    number = str(order["number"])
    key = {"key": order["order_key"]}
    received = requests.get(
        f"{running.url}/checkout/order-received/{number}/", params=key, timeout=10
    )
    assert f"/my-account/order-withdrawal/?order={number}" in received.text
    url = f"{running.url}/my-account/order-withdrawal/"
    assert f'value="{number}"' in requests.get(url, params={"order": number}, timeout=10).text
    assert "Confirm withdrawal" in form(running, "review", order_number=f"#{number}")
    assert "_order_withdrawal_requested" not in metas(running, order)
    assert "Review request" in form(running, "edit", order_number=number)
    assert "We received" in form(running, "confirm", order_number=f"#{number}")
    assert metas(running, order)["_order_withdrawal_requested"] == "yes"
    assert "already been submitted" in form(running, "confirm", order_number=number)


def test_a_stranger_learns_nothing_and_marks_nothing(running: Shop, order: dict[str, Any]) -> None:
    other = {"email": "mallory@example.com", "email_confirmation": "mallory@example.com"}
    assert "We received" in form(running, "confirm", order_number=str(order["id"]), **other)
    assert "We received" in form(running, "confirm", order_number="nonsense")
    assert "_order_withdrawal_requested" not in metas(running, order)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"first_name": ""}, "First name is a required field."),
        ({"email": "eva"}, "Enter a valid email address."),
        ({"email_confirmation": ""}, "Confirm email address is a required field."),
        ({"email_confirmation": "a@example.com"}, "Email addresses do not match."),
        ({"order_number": ""}, "Order number is a required field."),
        ({"withdrawal_type": "specific_items_only"}, "List the specific items"),
    ],
)
def test_the_form_says_what_is_wrong(running: Shop, changes: dict[str, str], words: str) -> None:
    assert words in form(running, "review", **({"order_number": "1"} | changes))


def test_the_admin_shows_returns_and_notes_of_an_order(
    running: Shop, order: dict[str, Any]
) -> None:
    line = order["line_items"][0]
    value = {
        "reference": "RMA-1004",
        "state": "approved",
        "kind": "return",
        "lines": [{"id": str(line["id"]), "quantity": 1, "reason": "too_small"}],
        "updated": "2026-11-26T10:00:00+00:00",
    }
    broken = {"lines": "nonsense"}
    write(
        running,
        order,
        {"key": "_afterglow_return_RMA-1004", "value": value},
        {"key": "_afterglow_return_x", "value": broken},
    )
    running.post(f"orders/{order['id']}/notes", {"note": "1 × Mug &lt;b&gt;<script>no</script>"})
    query = {"page": "wc-orders", "action": "edit", "id": str(order["id"])}
    url = f"{running.url}/wp-admin/admin.php"
    page = requests.get(url, params=query, timeout=10).text
    for words in ("RMA-1004", "approved", f"1 × {line['name']}", "too small", "&lt;b&gt;"):
        assert words in page
    assert "<script>no" not in page
    assert requests.get(url, params=query | {"id": "999999"}, timeout=10).status_code == 404
    listed = requests.get(f"{running.url}/wp-admin/", timeout=10).text
    assert f"page=wc-orders&amp;action=edit&amp;id={order['id']}" in listed
