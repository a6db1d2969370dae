"""The frame of `make bench`: what is met, what is printed, what is kept."""

import json

from bench.rows import Row, at_least, at_most, table, write_json


def test_a_target_is_the_values_own_unless_the_row_compares():
    assert Row("page", 99, "ms", target=at_most(100)).met is True
    assert Row("page", 101, "ms", target=at_most(100)).met is False
    assert Row("receiving", 300, "µs", "of the peer", ratio=4.2, target=at_least(4)).met is True
    assert Row("receiving", 300, "µs", "of the peer", ratio=3.9, target=at_least(4)).met is False
    assert Row("receiving", 300, "µs", ratio=4.2).met is None


def test_each_row_is_a_line_that_says_whether_it_is_met():
    rows = [
        Row("receiving, SQLite", 231.5, "µs", "of the peer", ratio=4.98, target=at_least(4)),
        Row("page", 1300, "ms", "/app/", target=at_most(100)),
        Row("fsync", 340, "µs"),
    ]
    first, second, third = table(rows)
    assert _words(first) == "receiving, SQLite 231.50 µs 4.98× ≥ 4 met of the peer"
    assert _words(second) == "page 1,300.00 ms ≤ 100 NOT MET /app/"
    assert _words(third) == "fsync 340.00 µs"


def _words(line):
    return " ".join(line.split())


def test_what_was_measured_is_kept_by_module(tmp_path):
    path = tmp_path / "new" / "bench.json"
    rows = [Row("  /app/", 8.5, "ms", "9 kB", target=at_most(100))]
    write_json(path, {"pages": rows}, 0.5, ["receiving"])
    kept = json.loads(path.read_text())
    assert kept["not_measured"] == ["receiving"]
    assert kept["modules"] == {
        "pages": [
            {
                "name": "/app/",
                "value": 8.5,
                "unit": "ms",
                "note": "9 kB",
                "ratio": None,
                "target": "≤ 100",
                "met": True,
            }
        ]
    }
