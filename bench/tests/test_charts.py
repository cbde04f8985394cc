"""What the bars of the charts say, on made-up records."""

from __future__ import annotations

import pytest

from bench.peers import OURS
from bench.regime_list import Regime

pytest.importorskip("matplotlib")
from bench.charts import class_bar, package, regime_bar

COLON = Regime("real", "colon", "l1", 20.0, None, 1.0)


def entry(seconds: float, reached: bool = True) -> dict:
    return {"seconds": seconds, "reached": reached, "ratio": seconds}


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
    found = {OURS: entry(1.0), "sklearn-lbfgs": entry(2.0, reached=False), "sklearn-newton-cg": entry(4.0)}
    assert class_bar({"case": "mnist-multinomial-C-1", "found": found}).note == "4.0  scikit-learn"


def test_where_nobody_got_there_the_ratio_is_a_lower_bound():
    found = {OURS: entry(1.0), "sklearn-saga": entry(7.0, reached=False), "glmnet": entry(5.0, reached=False)}
    bar = class_bar({"case": "20newsgroups-multinomial-l1-20-intercept", "found": found})
    assert (bar.label, bar.note) == ("20newsgroups-l1-20-intercept", "> 5.0  glmnet")


def test_names_of_packages():
    assert [package(name) for name in ("intelex-lbfgs", "celer-pn")] == ["scikit-learn-intelex", "celer"]
