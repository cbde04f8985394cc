"""Soft targets, counts of successes, penalty factors and offsets, through both entries."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit
from support.problems import make_problem

from fastlr import LogisticRegression, fit_logistic

P = 6
PENALTIES = {"none": {"C": np.inf}, "l2": {"C": 0.1}, "l1": {"C": 0.1, "l1_ratio": 1.0}, "both": {"l1_ratio": 0.5}}


def counts(seed=0):
    """X, successes and trials (some of them zero), weights and offsets."""
    rng = np.random.default_rng(seed)
    X, _ = make_problem(p=P, seed=seed)
    trials = rng.integers(0, 6, len(X))
    return X, rng.binomial(trials, expit(X[:, 0] - 0.5)), trials, rng.integers(1, 4, len(X)), rng.normal(size=len(X))


def as_rows(X, successes, trials, *others):
    """The same, one row for each trial, with labels."""
    hits, misses = (np.repeat(np.arange(len(X)), k) for k in (successes, trials - successes))
    rows = np.concatenate([hits, misses])
    return X[rows], np.repeat([1, 0], [len(hits), len(misses)]), *(other[rows] for other in others)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1.0, 1: 3.0}])
@pytest.mark.parametrize("bounds", [None, (0.0, 0.6)])
def test_counts_equal_their_trials_row_by_row(penalty, class_weight, bounds):
    X, successes, trials, weight, offset = counts()
    X_, y_, weight_, offset_ = as_rows(X, successes, trials, weight, offset)
    make = {**PENALTIES[penalty], "class_weight": class_weight, "bounds": bounds, "tol": 1e-12}
    model = LogisticRegression(**make).fit(X, successes, weight, offset=offset, trials=trials)
    again = LogisticRegression(**make).fit(X_, y_, weight_, offset=offset_)
    np.testing.assert_allclose(model.coef_, again.coef_, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, again.intercept_, atol=1e-6)
    assert model.result_.objective == pytest.approx(again.result_.objective, rel=1e-11)
    assert np.array_equal(model.classes_, [0, 1])


def test_the_functional_entry_takes_counts_too():
    X, successes, trials, weight, _ = counts()
    X_, y_, weight_ = as_rows(X, successes, trials, weight)
    found = fit_logistic(X, successes, l2=1e-2, sample_weight=weight, trials=trials, tol=1e-12)
    expected = fit_logistic(X_, y_, l2=1e-2, sample_weight=weight_, tol=1e-12)
    np.testing.assert_allclose(found.coef, expected.coef, atol=1e-7)


def test_the_same_coefficients_as_statsmodels():
    X, successes, trials, _, offset = counts(1)
    some = trials > 0
    endog = np.column_stack([successes, trials - successes])[some]
    peer = sm.GLM(endog, sm.add_constant(X[some]), family=sm.families.Binomial(), offset=offset[some]).fit(tol=1e-14)
    model = LogisticRegression(C=np.inf, tol=1e-13).fit(X, successes, trials=trials, offset=offset)
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_[0]], peer.params, rtol=1e-6)


def test_one_trial_makes_targets_probabilities():
    X, y = make_problem(p=P)
    share = np.random.default_rng(0).random(len(y))
    model = LogisticRegression(tol=1e-12).fit(X, share, trials=1)
    expected = fit_logistic(X, share, l2=1 / len(y), tol=1e-12)
    np.testing.assert_allclose(model.coef_[0], expected.coef, rtol=1e-9)
    assert set(model.predict(X)) == {0, 1}


@pytest.mark.parametrize(
    ("y", "trials", "error", "message"),
    [
        (np.full(300, 2.0), 1, ValueError, r"y holds 2.0 successes in 1.0 trials \(row 0\)"),
        (np.full(300, -1.0), 1, ValueError, "expected 0 <= y <= trials"),
        (np.zeros(300), np.zeros(300), ValueError, "trials holds 0.0: expected non-negative numbers, not all zero"),
        (np.zeros(300), np.full(300, -1.0), ValueError, "trials holds -1.0"),
        (np.zeros(300), np.ones(7), ValueError, r"trials has shape \(7,\), expected \(300,\)"),
        (np.zeros(300), np.full(300, np.nan), ValueError, "trials contains NaN"),
        (np.zeros(300), ["a"] * 300, TypeError, "trials"),
        (np.zeros(7), 1, ValueError, "y has shape"),
        (["yes"] * 300, 1, TypeError, "y"),
        (np.zeros(300), 2, ValueError, "y holds one class only"),
        (np.full(300, 2.0), 2, ValueError, "y holds one class only"),
    ],
)
def test_counts_that_cannot_be_used(y, trials, error, message):
    X, _ = make_problem(p=P)
    with pytest.raises(error, match=message):
        fit_logistic(X, y, trials=trials)
    with pytest.raises(error, match=message):
        LogisticRegression().fit(X, y, trials=trials)


# --- penalty factors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_penalty_factors_multiply_strengths(l1_ratio):
    X, y = make_problem(p=P)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    factor = np.array([1.0, 0.0, 1.0, 5.0, 1.0, 1.0])
    total = 0.2 * len(y)
    expected = fit_logistic(X, y, l1=l1_ratio * factor / total, l2=(1 - l1_ratio) * factor / total, tol=1e-12)
    for X_, given in ((X, factor), (X, {1: 0, 3: 5.0}), (frame, {"b": 0, "d": 5.0}), (frame, factor)):
        model = LogisticRegression(C=0.2, l1_ratio=l1_ratio, penalty_factor=given, tol=1e-12).fit(X_, y)
        np.testing.assert_allclose(model.coef_[0], expected.coef, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("factor", "error", "message"),
    [
        (np.full(P, -1.0), ValueError, "penalty_factor holds -1.0"),
        (np.full(P, np.inf), ValueError, "penalty_factor contains NaN or infinity"),
        (np.ones(3), ValueError, "penalty_factor has shape"),
        ({"a": 1.0}, ValueError, "penalty_factor: there is no column 'a'"),
        ({0: "x"}, TypeError, r"penalty_factor\[0\]"),
        ("abc", ValueError, "penalty_factor"),
    ],
)
def test_penalty_factors_that_cannot_be_used(factor, error, message):
    X, y = make_problem(p=P)
    with pytest.raises(error, match=message):
        LogisticRegression(penalty_factor=factor).fit(X, y)


# --- offsets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_offset_acts_in_fit_and_prediction(dtype):
    X, _, _, _, offset = counts()
    X = X.astype(dtype)
    y = np.where(X[:, 0] + offset > 0.2, "yes", "no")
    model = LogisticRegression(C=0.5, tol=1e-12).fit(X, y, offset=offset)
    expected = fit_logistic(X, y == "yes", l2=2 / len(y), offset=offset, tol=1e-12)
    np.testing.assert_allclose(model.coef_[0], expected.coef, rtol=1e-6)
    eta = X @ model.coef_[0] + model.intercept_ + offset
    near = {"rtol": 1e-5 if dtype == np.float32 else 1e-12, "atol": 1e-6 if dtype == np.float32 else 1e-13}
    found = model.decision_function(X, offset=offset)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, eta, **near)
    both = np.column_stack([expit(-eta), expit(eta)])
    np.testing.assert_allclose(model.predict_proba(X, offset=offset), both, **near)
    np.testing.assert_allclose(model.predict_log_proba(X, offset=offset), np.log(both), **near)
    assert np.array_equal(model.predict(X, offset=offset), np.where(eta > 0, "yes", "no"))
    loss = np.mean(np.logaddexp(0, eta) - (y == "yes") * eta)
    assert model.log_loss(X, y, offset=offset) == pytest.approx(loss, rel=near["rtol"])
    assert model.log_loss(X, y, offset=np.zeros(len(y))) == pytest.approx(model.log_loss(X, y), rel=near["rtol"])
    with pytest.raises(ValueError, match="offset has shape"):
        model.predict(X, offset=offset[:3])
