"""The speed gate's verdicts on made-up measurements, one measurement, and the growth that bench.scaling fits."""

from __future__ import annotations

import pytest

from bench.compare import METRICS, combine, growths, line, measure
from bench.compare_cases import CASES
from bench.scaling import growth

BASE = {"seconds": 0.1, "memory": 50e6, "passes": 10.0, "copied_bytes": 0.0}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"seconds": 0.114}, []),
        ({"seconds": 0.116}, ["slower"]),
        ({"seconds": 0.05, "memory": 60e6}, ["larger"]),
        ({"passes": 12.0}, ["more passes"]),
        ({"copied_bytes": 1e6}, ["copies more"]),
        ({"seconds": 0.2, "passes": 20.0}, ["slower", "more passes"]),
    ],
)
def test_growth_beyond_the_threshold_counts(change, expected):
    assert growths(BASE, BASE | change) == expected


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ({"seconds": 50e-6}, {"seconds": 69e-6}),
        ({"memory": 0.0}, {"memory": 1.9e6}),
        ({"passes": 1.0}, {"passes": 1.5}),
    ],
)
def test_growth_below_the_floor_does_not(base, head):
    assert growths(base, head) == []


def test_what_one_side_does_not_report_is_left_out():
    assert growths({"seconds": 1.0}, {"seconds": 1.0, "passes": 9.0}) == []


def test_the_least_of_each_quantity_counts():
    assert combine([{"seconds": 2.0, "memory": 1.0}, {"seconds": 1.0, "memory": 3.0}]) == {
        "seconds": 1.0,
        "memory": 1.0,
    }


def test_the_table_shouts_what_got_worse():
    assert line("a case", BASE, BASE | {"seconds": 0.2}).endswith("SLOWER")
    assert "SLOWER" not in line("a case", BASE, BASE)


def test_a_case_is_measured_in_a_process_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTLR_BENCH_CACHE", str(tmp_path))
    assert CASES["small fit"].problem == "dense-200x5"
    found = measure("small fit", None)
    assert set(found) == {metric.key for metric in METRICS}
    assert found["seconds"] > 0
    assert found["passes"] > 1


def test_growth_finds_the_exponent():
    exponent, residual = growth([1e3, 1e4, 1e5], [2e-3, 2e-2, 2e-1])
    assert exponent == pytest.approx(1.0)
    assert residual == pytest.approx(0.0, abs=1e-9)
    assert growth([1e3, 1e4, 1e5], [2e-3, 4e-2, 2e-1])[1] > 0.2
