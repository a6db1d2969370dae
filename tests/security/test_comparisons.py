"""Secrets are compared in constant time: every comparison in the code, by its source.

A comparison with == ends at the first byte that differs, and its time tells how many were right.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parents[2] / "app"

# Words that name something to be guessed, in names that a comparison is made of.
SECRET = (
    "secret", "token", "signature", "hmac", "digest", "csrf", "password", "nonce", "jti", "otp",
    "mac", "credential", "api_key",
)  # fmt: skip

# Where secrets are compared. Whoever adds a place puts it here.
CONSTANT_TIME = {
    "embedded_ui/session/guard.py": 1,  # a form's token
    "platforms/shopify/verify.py": 1,  # a delivery's signature
    "platforms/woocommerce/verify.py": 1,  # a delivery's signature
    "platforms/woocommerce/plugin_signatures.py": 1,  # calls and links of the plugin
    "services/returns/lookup.py": 2,  # the code from the mail; the address of an order
}

# Comparisons that look like one of a secret, and why they are none.
HARMLESS = {
    ("installers/woocommerce.py", "_pending(deps) == connections.pending_id(nonce)"):
        "both sides are hashes, one of them out of a signed cookie",
    (
        "channels/links.py",
        "base64_encode(base64_decode(signature)).decode() == signature",
    ): "what was given, with its own other spelling",
    ("services/plugin/link.py", "known['next'] == secret"): "both are ours",
    ("services/tokens.py", "credential.values['access_token'] == refused"): "both are ours",
    ("services/subscriptions.py", "row.token == token"): "the store's list of our own webhooks",
    (
        "cli/demo/environment.py",
        "_own_secret(data_dir) in (key.strip() for key in keys.split(','))",
    ): "the operator's own settings",
    ("cli/replay.py", "_SIGNATURE in headers"): "the name of a header",
    ("config.py", "bool(self.shopify_client_id) != bool(self.shopify_client_secret)"):
        "whether they are set",
    ("db/dump.py", "name not in _SECRET"): "names of columns",
}  # fmt: skip


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(APP.rglob("*.py")):
        yield str(path.relative_to(APP)), ast.parse(path.read_text())


def _names(node: ast.expr) -> set[str]:
    """Every name in an expression, in lower case."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            found.add(each.id)
        elif isinstance(each, ast.Attribute):
            found.add(each.attr)
        elif isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Constant):
            found.add(str(each.slice.value))
    return {name.lower() for name in found}


def _of_a_secret(node: ast.expr) -> bool:
    parts = {part for name in _names(node) for part in name.split("_")}
    whole = _names(node)
    return any(
        word in parts or (len(word) > 4 and any(word in n for n in whole)) for word in SECRET
    )


def _is_literal(node: ast.expr) -> bool:
    """None, numbers, words of the source: nothing of a secret is learned from them."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return all(isinstance(part, ast.Constant) for part in parts)


def comparisons(tree: ast.Module) -> Iterator[ast.Compare]:
    """All with == != in that have a secret on a side."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        compared = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
        if compared and any(map(_of_a_secret, sides)) and not any(map(_is_literal, sides)):
            yield node


def test_secrets_are_compared_in_constant_time_where_they_are_compared() -> None:
    found: dict[str, int] = {}
    for name, tree in modules():
        calls = sum(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "compare_digest"
            for node in ast.walk(tree)
        )
        if calls:
            found[name] = calls
    assert found == CONSTANT_TIME


def test_nothing_secret_is_compared_otherwise() -> None:
    unknown = [
        (name, ast.unparse(node))
        for name, tree in modules()
        for node in comparisons(tree)
        if (name, ast.unparse(node)) not in HARMLESS
        and not _in_database(node)
        and not _of_kind(node)
    ]
    assert unknown == []


def _in_database(node: ast.Compare) -> bool:
    """A look-up by a column (`table.c.name == …`): an index is asked; nonces lie there hashed."""
    return ".c." in ast.unparse(node.left)


def _of_kind(node: ast.Compare) -> bool:
    """What is compared is a name, a length or whether it is there."""
    text = ast.unparse(node)
    return text.startswith("len(") or "isinstance" in text


def test_the_look_sees_what_it_looks_for() -> None:
    for source in (
        "given_token == expected", "a.secret != b", "request.headers['X-Signature'] == x",
        "code_nonce in allowed_tokens", "mac == hmac.new(k, b, sha256).hexdigest()",
    ):  # fmt: skip
        assert list(comparisons(ast.parse(source))), source
    for source in ("token is None", "len(x) == 3", "machine == other", "secret == ''", "a == b"):
        assert not list(comparisons(ast.parse(source))), source
