"""The table of all regimes checked on made-up records, and the match of an elastic net with an L1 fit."""

from __future__ import annotations

import pytest

from bench.peers import OURS, PEERS
from bench.regimes import contenders
from bench.tables import regime_table
from bench.tables.matched import match
from bench.tables.regime_list import GROUPS, REGIMES, Regime


def record(ours: float | None, **peers: float | None) -> dict:
    """A race in which everyone took the same time to all targets."""
    reached = [seconds for seconds in peers.values() if seconds is not None]
    return {
        "date": "2026-01-01",
        "machine": {"cpus": 2, "cpu": "a CPU", "busy": [0.0, None]},
        "ratios": dict.fromkeys(regime_table.STRICT, min(reached) / ours if ours and reached else None),
        "peers": {name: peer(seconds) for name, seconds in {OURS: ours, **peers}.items()},
    }


def peer(seconds: float | None) -> dict:
    runs = [{"tol": 0.1, "seconds": factor * (seconds or 1.0), "suboptimality": 0.0} for factor in (1.0, 1.25, 1.5)]
    return {"times": dict.fromkeys(("0.0001", *regime_table.STRICT), seconds), "note": "", "pools": [], "runs": runs}


def generated(target: float, kind: str = "l2") -> Regime:
    return Regime("l2" if kind == "l2" else "enet", "toy-dense", kind, 1.0, target, 1.0)


def real(value: float) -> Regime:
    return Regime("real", "colon", "l2", value, None, 1.0)


def test_every_race_has_a_name_of_its_own():
    assert len({regime.name for regime in REGIMES}) == len(REGIMES)
    assert {regime.group for regime in REGIMES} == set(GROUPS)
    assert sum(regime.group == "real" for regime in REGIMES) == 20


def test_contenders_are_known_peers():
    for regime in REGIMES:
        assert regime.contenders()[0] == OURS
        assert set(regime.contenders()) <= set(PEERS)


def test_contenders_are_close_to_the_best_and_bring_their_threaded_form():
    times = {"liblinear-s0": 1.0, "liblinear-s0-m": 30.0, "glum": 2.9, "sklearn-lbfgs": 3.1, "snapml-dual": None}
    assert contenders(record(0.1, **times)) == ["liblinear-s0", "liblinear-s0-m", "glum"]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"), [(1.0, 2.0, "met"), (1.0, 1.9, "MISSED"), (None, 2.0, "MISSED"), (1.0, None, "met")]
)
def test_a_target_is_met_or_missed(ours, theirs, expected):
    assert regime_table.verdict(generated(2.0), record(ours, glum=theirs)) == expected


def test_a_target_missed_at_one_accuracy_says_at_which():
    found = record(1.0, glum=3.0)
    found["ratios"]["1e-08"] = 1.5
    assert regime_table.verdict(generated(2.0), found) == "MISSED at 1e-08"


def test_the_elastic_net_is_judged_by_our_own_l1_fit():
    found = record(1.0, glum=0.1)
    found["beside_l1"] = {"nonzeros": [5, 5], "seconds": {"1e-06": [1.0, 0.9], "1e-08": [1.0, 1.1]}}
    assert regime_table.verdict(generated(1.0, "enet"), found) == "MISSED at 1e-08"


def test_real_sets_are_judged_together():
    ahead, level = record(1.0, glum=2.0), record(1.0, glum=0.9)
    first = regime_table.summary({real(C): ahead for C in range(1, 19)} | {real(C): level for C in (19, 20)})
    assert "18 of 20, lowest ratio 0.90" in first
    assert first.splitlines()[0].endswith(": met")
    slow = {real(C): ahead for C in range(1, 20)} | {real(20): record(1.0, glum=0.7)}
    assert regime_table.summary(slow).splitlines()[0].endswith("MISSED")


def test_noise_is_the_second_best_run_over_the_best():
    assert regime_table.noise(record(1.0, glum=2.0)) == pytest.approx(0.25)


def test_the_table_has_a_row_for_each_record_and_names_the_missing():
    found = record(0.5, glum=2.0, **{"sklearn-lbfgs": 3.0})
    text = regime_table.compose({generated(2.0): found, real(1.0): None})
    row = next(line for line in text.splitlines() if line.startswith("| toy-dense"))
    assert [cell.strip() for cell in row.split("|")[3:7]] == ["0.5", "glum", "2", "**4.00**"]
    assert row.rstrip("| ").endswith("sklearn-lbfgs")
    assert "Not recorded: colon-l2-C1." in text


def test_a_row_of_a_busy_machine_is_marked():
    found = record(0.5, glum=2.0)
    found["machine"]["busy"] = [0.0, 0.4]
    assert regime_table.row(generated(2.0), found)[0].endswith(regime_table.MARK)


def test_the_matched_elastic_net_has_as_many_nonzeros(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTLR_BENCH_CACHE", str(tmp_path))
    found = match("text-300x500x20", 10.0, False)
    l1, enet = found.nonzeros
    assert l1 > 5
    assert abs(l1 - enet) <= 1
    assert match("text-300x500x20", 10.0, False).enet == found.enet
