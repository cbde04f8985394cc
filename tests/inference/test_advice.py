"""What users read of separation, of dependent columns and of fits that end short, with the names of columns."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import ConvergenceWarning
from support.identifiability import least_norm
from support.problems import dependent, make_problem, overlapping
from support.references import null_objective

from fastlr import LogisticRegression, SeparationWarning, Status, fit_logistic, fit_one_vs_rest
from fastlr.inference.identifiability import Collinear, report
from fastlr.matrix import as_matrix
from fastlr.objective.logistic import LogisticObjective
from fastlr.penalties.elastic_net import BoundedElasticNet
from fastlr.solvers import Controls, Monitor

# --- what users read --------------------------------------------------------------------------------------------------


def test_the_estimator_warns_once_with_the_names_of_columns():
    X, y, rng = overlapping()
    frame = pd.DataFrame(X, columns=["age", "income", "height", "weight"]).assign(rare=rng.random(400) < 0.1)
    y[frame["rare"]] = 1.0
    frame = frame.assign(twin=frame["height"], level=1.5).astype(float)
    with pytest.warns(SeparationWarning, match="column 'rare' separates") as caught:
        model = LogisticRegression(C=np.inf).fit(frame, y)
    assert len(caught) == 1
    assert issubclass(SeparationWarning, ConvergenceWarning)
    assert caught[0].filename == __file__
    assert "columns 'height' and 'twin'" in str(caught[0].message)
    assert "column 'level'" in model.result_.message
    assert model.result_.status is Status.SEPARATED


def test_the_estimator_says_of_dependent_columns_without_a_warning():
    X, y, *_ = dependent("sum", True)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticRegression(C=np.inf).fit(frame, y)
    assert "columns 'a', 'd' and 'f'" in model.result_.message
    np.testing.assert_allclose(model.coef_[0], least_norm(X, model.coef_[0], np.arange(6)), rtol=1e-6, atol=1e-9)


def test_many_columns_are_not_all_listed():
    finding = Collinear(tuple(range(30)), 3, True)
    assert "columns 0, 1, 2, 3, 4, 5, 6, 7 and 22 more (3 too many)" in finding.describe()
    assert len(finding.describe()) < 250


@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-3}, {"l1": 1e-3}])
def test_running_out_of_iterations_names_columns_of_uneven_scale(penalty):
    X, y = make_problem()
    X[:, 3] *= 1e6
    result = fit_logistic(X, y, **penalty, max_iter=1, tol=1e-12)
    assert result.status is Status.MAX_ITER
    for part in ("max_iter=1", "Increase max_iter or tol.", "column", "3", "standardise"):
        assert part in result.message
    even = fit_logistic(make_problem()[0], y, **penalty, max_iter=1, tol=1e-12)
    assert "Increase max_iter or tol." in even.message
    assert "standardise" not in even.message


@pytest.mark.parametrize("multi_class", ["multinomial", "ovr"])
def test_the_estimator_names_columns_of_uneven_scale(multi_class):
    X, y = make_problem()
    frame = pd.DataFrame(X, columns=[f"column {j}" for j in range(X.shape[1])]).rename(columns={"column 3": "salary"})
    frame["salary"] *= 1e6
    labels = y if multi_class == "multinomial" else np.arange(len(y)) % 3
    with pytest.warns(ConvergenceWarning, match=r"The scales of columns '\w+.*' and '\w+.*' differ by") as caught:
        LogisticRegression(max_iter=1, tol=1e-12, multi_class=multi_class).fit(frame, labels)
    assert "'salary'" in str(caught[0].message)


@pytest.mark.parametrize(
    "status, parts",
    [
        (Status.LINE_SEARCH_FAILED, ("tol", "solver", "columns 1 and 3")),
        (Status.NUMERICAL_ERROR, ("X", "sample_weight", "columns 1 and 3")),
    ],
)
def test_other_failures_name_what_to_change(status, parts):
    X, y = make_problem(p=5)
    X[:, 1] *= 1e-3
    X[:, 3] *= 1e4
    matrix = as_matrix(X)
    rows = matrix.bind(y, np.full(len(y), 1.0 / len(y)))
    penalty = BoundedElasticNet(0.0, 0.1, -np.inf, np.inf, (5, 1))
    monitor = Monitor(Controls(), LogisticObjective(rows, penalty, True), "newton_cg", "Chosen by hand.")
    monitor.finished(monitor.objective.point(np.zeros((5, 1))))
    monitor.fail(status, "No step")
    result = report.diagnosed(monitor.result(), monitor)
    assert result.status is status
    assert result.message.startswith("No step, at a gap of ")
    assert result.message.endswith(". Chosen by hand.")
    for part in parts:
        assert part in result.message


def test_a_fit_that_the_user_ended_is_left_alone():
    X, _, _ = overlapping()
    y = (X[:, 2] > 0.3).astype(float)
    assert fit_logistic(X, y, callback=lambda progress: progress.iteration == 5).status is Status.STOPPED
    assert fit_logistic(X, y, time_limit=0.0).status is Status.TIME_LIMIT
    assert fit_logistic(X, y).objective < 1e-3 * null_objective(y)


# --- names of columns -------------------------------------------------------------------------------------------------

CALLED = ["age", "sex", "size", "sum", "one"]


def frame_of(values, library):
    return {"pandas": pd.DataFrame, "polars": pl.DataFrame}[library](dict(zip(CALLED, values.T, strict=True)))


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("fit", [fit_logistic, fit_one_vs_rest])
def test_functions_call_columns_of_a_frame_by_their_names(fit, library):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3))
    X = np.column_stack([X, X[:, 0] + X[:, 1], np.ones(200)])
    y = (rng.random(200) < 0.5).astype(int)
    separable = (X[:, 2] > 0).astype(int)

    def message(X, y, **options):
        found = fit(X, y, **options)
        return (found if fit is fit_logistic else found[1]).message

    frame = frame_of(X, library)
    assert "constant columns without a penalty: column 'one'" in message(frame, y)
    assert "collinear columns without a penalty: columns 'age', 'sex' and 'sum'" in message(frame, y)
    assert "column 'size' separates all rows" in message(frame, separable)
    assert "column 2 separates all rows" in message(X, separable)
    assert "column 2 separates all rows" in message(pd.DataFrame(X), separable)  # called by numbers
    assert "column 2 separates all rows" in message(pd.DataFrame(X, columns=["a", 1, "c", "d", 4]), separable)
    uneven = frame_of(X * [1.0, 1.0, 1e9, 1.0, 1.0], library)
    found = message(uneven, y, l2=0.1, max_iter=0)
    assert re.search(r"The scales of columns '(age|sex)' and 'size' differ|of columns 'size' and '(sum|one)'", found)
    huge = frame_of(X * [1.0, 1.0, 1e200, 1.0, 1.0], library)
    with pytest.raises(ValueError, match=r"variance overflows, column 2 \('size'\): rescale it"):
        fit(huge, y, l2=0.1, standardize=True)


def test_a_bound_on_a_constant_column_is_told_with_its_name():
    X, y = np.column_stack([np.arange(20.0), np.ones(20)]), np.arange(20) % 2
    with pytest.raises(ValueError, match=r"coefficient of column 1 \('b'\), which is constant"):
        fit_logistic(pd.DataFrame(X, columns=["a", "b"]), y, l2=0.1, standardize=True, bounds=(1.0, None))
