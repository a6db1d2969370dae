"""The demo scenario, as `afterglow demo --once --json` plays it: real processes, both stores."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.xdist_group("demo")
@pytest.mark.timeout(420)
def test_the_scenario_ends_as_written(tmp_path: Path) -> None:
    played = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo", "--once", "--json"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert played.returncode == 0, played.stderr[-6000:]
    end = json.loads(played.stdout)
    assert set(end) == {"shopify", "woocommerce"}
    for store in end.values():
        assert store["deliveries"]["failed"] == store["deliveries"]["unknown"] == 0
        assert store["deliveries"]["duplicate"] == 2
        assert store["deliveries"]["refused"] == 1
        assert store["emails"] == {
            "review_request_mail": 11,
            "coupon_mail": 3,
            "return_receipt_mail": 3,
            "return_approved_mail": 4,
            "return_declined_mail": 2,
            "return_ended_mail": 1,
            "withdrawal_receipt_mail": 1,
        }
        assert (store["coupons_in_store"], store["reviews_in_store"]) == (3, 2)
        assert store["returns_in_store"] == {"approved": 3, "declined": 2, "open": 1, "ended": 1}
        assert store["cancelled"] == {"not_connected": 4, "return_settled": 2}
        assert store["orders"]["Z1"]["sent"] == {"review_request_mail": 8}
    assert not list(tmp_path.iterdir())  # nothing is left behind
