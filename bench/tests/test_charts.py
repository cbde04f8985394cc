"""What the bars of the charts say, on made-up records."""

from __future__ import annotations

import pytest

from bench.peers import OURS
from bench.tables.charts import PAGES, charts, class_bar, draw, package, regime_bar
from bench.tables.regime_list import Regime

COLON = Regime("real", "colon", "l1", 20.0, None, 1.0)


def class_record(name: str, **peers: tuple[float, bool]) -> dict:
    """Seconds of each peer, and whether it reached the target."""
    found = {
        peer.replace("_", "-"): {"times": {"1e-06": seconds if reached else None}, "runs": [{"seconds": seconds}]}
        for peer, (seconds, reached) in peers.items()
    }
    return {"name": name, "peers": found}


def test_a_bar_is_the_lower_ratio_and_names_who_gave_it():
    times = {
        OURS: {"1e-06": 1.0, "1e-08": 2.0},
        "liblinear-s6-m": {"1e-06": 3.0, "1e-08": 4.0},
        "glmnet": {"1e-06": 2.0, "1e-08": 9.0},
    }
    record = {
        "ratios": {"1e-06": 2.0, "1e-08": 1.5},
        "peers": {name: {"times": row, "runs": [None]} for name, row in times.items()},
    }
    bar = regime_bar(COLON, record)
    assert (bar.label, bar.ratio, bar.note) == ("colon, L1", 1.5, "1.5  LIBLINEAR")


def test_who_got_there_counts_before_who_was_stopped_earlier():
    peers = {"sklearn_lbfgs": (2.0, False), "sklearn_newton_cg": (4.0, True)}
    assert class_bar(class_record("mnist-multinomial-C-1", fastlr=(1.0, True), **peers)).note == "4.0  scikit-learn"


def test_where_nobody_got_there_the_ratio_is_a_lower_bound():
    name = "20newsgroups-multinomial-l1-20-intercept"
    bar = class_bar(class_record(name, fastlr=(1.0, True), sklearn_saga=(7.0, False), glmnet=(5.0, False)))
    assert (bar.label, bar.note) == ("20newsgroups-l1-20-intercept", "> 5.0  glmnet")


def test_the_recorded_races_make_charts(tmp_path):
    pytest.importorskip("matplotlib")
    found = charts()
    assert {name: len(bars) for name, bars in found.items()} == {
        "races-real": 20,
        "races-generated": 14,
        "races-intercept": 14,
        "races-classes": 11,
    }
    file = tmp_path / "chart.svg"
    draw(found["races-classes"], PAGES["light"], file)
    assert "<svg" in file.read_text()


def test_names_of_packages():
    assert [package(name) for name in ("intelex-lbfgs", "celer-pn")] == ["scikit-learn-intelex", "celer"]
