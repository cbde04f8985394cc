"""The speed gate's verdicts on made-up measurements, one measurement, and the growth that bench.micro.scaling fits."""

from __future__ import annotations

import pytest

from bench.compare import judge
from bench.data.cache import cache_folder
from bench.data.problems import maker
from bench.gates.builds import build, check_package, commit_of
from bench.gates.compare_cases import CASES
from bench.gates.compare_growth import METRICS, combine, growths, line
from bench.gates.compare_processes import CaseFailed, measure, rounds
from bench.micro.scaling import growth

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


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A cache of its own."""
    monkeypatch.setenv("FASTLR_BENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def broken(tmp_path):
    """A folder whose fastlr cannot be imported."""
    (tmp_path / "fastlr").mkdir()
    (tmp_path / "fastlr" / "__init__.py").write_text("raise ImportError('not built')\n")
    return tmp_path


@pytest.mark.usefixtures("cache")
def test_each_side_is_measured_in_a_process_of_its_own():
    assert CASES["small fit"].problem == "dense-200x5"
    found = measure("small fit", [None, None])
    assert len(found) == 2
    for side in found:
        assert set(side) == {metric.key for metric in METRICS}
        assert side["seconds"] > 0
    assert found[0]["passes"] == found[1]["passes"] > 1


@pytest.mark.usefixtures("cache")
def test_a_case_that_the_base_cannot_run_is_said_and_does_not_count(broken, capfd):
    with pytest.raises(CaseFailed, match="on the base"):
        rounds("small fit", broken, 1)
    assert judge("small fit", broken) == []
    printed, errors = capfd.readouterr()
    assert "small fit      does not run on the base" in printed
    assert "not built" in errors


def test_every_case_has_a_problem():
    for case in CASES.values():
        assert callable(maker(case.problem))


def test_the_tables_columns_hold_every_name():
    assert max(map(len, CASES)) < 15


@pytest.mark.usefixtures("cache")
def test_a_build_of_all_levels_serves_as_a_native_one():
    folder = cache_folder() / "builds" / ("0" * 40)
    folder.mkdir(parents=True)
    assert build("0" * 40, "all") == build("0" * 40, "native") == folder


def test_another_package_than_that_of_the_build_is_an_error(tmp_path):
    check_package("/anywhere/fastlr", None)
    check_package(str(tmp_path / "fastlr"), tmp_path)
    with pytest.raises(SystemExit, match="instead of"):
        check_package("/anywhere/fastlr", tmp_path)


def test_a_revision_that_git_does_not_know_is_named():
    with pytest.raises(SystemExit, match="no-such-commit"):
        commit_of("no-such-commit")


def test_growth_finds_the_exponent():
    exponent, residual = growth([1e3, 1e4, 1e5], [2e-3, 2e-2, 2e-1])
    assert exponent == pytest.approx(1.0)
    assert residual == pytest.approx(0.0, abs=1e-9)
    assert growth([1e3, 1e4, 1e5], [2e-3, 4e-2, 2e-1])[1] > 0.2
