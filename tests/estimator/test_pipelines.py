"""In pipelines that bend the line: polynomials, splines and kernels of scikit-learn before the estimator."""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_digits, make_circles, make_gaussian_quantiles, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, SplineTransformer, StandardScaler
from support.references import exact_objective

from fastlr import LogisticRegression


def circles():
    return make_circles(400, noise=0.1, factor=0.5, random_state=0)


def moons():
    return make_moons(400, noise=0.25, random_state=0)


def shells():
    return make_gaussian_quantiles(n_samples=400, n_features=3, n_classes=2, random_state=0)


def odd_digits():
    X, y = load_digits(return_X_y=True)
    return X[:900] / 16.0, y[:900] % 2


class Case(NamedTuple):
    """A data set, the steps before the estimator, and what these are known to give."""

    data: object
    steps: tuple
    #: Format of X that is handed to the steps, and of what they hand on: "dense", "csr" or "csc".
    given: str
    handed_on: str
    #: By how much the accuracy is above that of the straight line, at least.
    gain: float


CROSSED_BINS = (
    KBinsDiscretizer(6, encode="onehot", strategy="uniform"),
    PolynomialFeatures(2, interaction_only=True, include_bias=False),
)
KERNEL = Nystroem(gamma=0.05, n_components=100, random_state=0)
CASES = {
    "polynomials": Case(circles, (PolynomialFeatures(2, include_bias=False),), "dense", "dense", 0.4),
    "polynomials F": Case(circles, (PolynomialFeatures(2, order="F"), StandardScaler()), "dense", "dense", 0.4),
    "polynomials csr": Case(circles, (PolynomialFeatures(3),), "csr", "csr", 0.4),
    "polynomials csc": Case(circles, (PolynomialFeatures(2),), "csc", "csc", 0.4),
    "crossed bins": Case(circles, CROSSED_BINS, "dense", "csr", 0.3),
    "splines": Case(shells, (SplineTransformer(),), "dense", "dense", 0.3),
    "splines csr": Case(shells, (SplineTransformer(sparse_output=True),), "dense", "csr", 0.3),
    "kernel": Case(moons, (Nystroem(gamma=1.0, n_components=50, random_state=0),), "dense", "dense", 0.03),
    "kernel csr": Case(odd_digits, (KERNEL,), "csr", "dense", 0.03),
}
EACH = pytest.mark.parametrize("name", CASES)


def as_given(X, kind):
    return {"dense": np.asarray, "csr": sp.csr_array, "csc": sp.csc_array}[kind](X)


def format_of(X):
    return X.format if sp.issparse(X) else "dense"


def with_steps(case, estimator):
    return make_pipeline(*(clone(step) for step in case.steps), estimator)


def value(Z, y, coef, intercept, C, l1_ratio=0.0):
    """The core objective of a fit to Z with scikit-learn's strengths, in extended precision."""
    Z = Z.toarray() if sp.issparse(Z) else Z
    strength = 0.0 if np.isinf(C) else 1.0 / (C * len(y))
    return exact_objective(Z, y, coef, intercept, l1_ratio * strength, (1.0 - l1_ratio) * strength)


@EACH
@pytest.mark.parametrize("C", [0.1, 10.0])
def test_a_pipeline_reaches_the_optimum_of_scikit_learn(name, C):
    case = CASES[name]
    X, y = case.data()
    X = as_given(X, case.given)
    ours = with_steps(case, LogisticRegression(C=C, tol=1e-14)).fit(X, y)
    theirs = with_steps(case, SklearnLogisticRegression(C=C, tol=1e-10, solver="newton-cholesky", max_iter=1000))
    theirs.fit(X, y)
    Z = ours[:-1].transform(X)
    assert format_of(Z) == case.handed_on
    model, other = ours[-1], theirs[-1]
    assert model.result_.converged
    assert model.result_.copied_bytes == 0
    found = value(Z, y, model.result_.coef, model.result_.intercept, C)
    expected = value(Z, y, other.coef_[0], other.intercept_[0], C)
    assert found <= expected + 1e-14
    assert expected - found < 1e-9
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)


@EACH
def test_it_beats_the_straight_line(name):
    case = CASES[name]
    X, y = case.data()
    X = as_given(X, case.given)
    bent = with_steps(case, LogisticRegression(C=10.0))
    for scoring, gain in (("accuracy", case.gain), ("neg_log_loss", 0.05)):
        line = cross_val_score(LogisticRegression(C=10.0), X, y, scoring=scoring, cv=4).mean()
        assert cross_val_score(bent, X, y, scoring=scoring, cv=4).mean() > line + gain


@EACH
def test_a_clone_is_unfitted_and_fits_to_the_same_bits(name):
    case = CASES[name]
    X, y = case.data()
    X = as_given(X, case.given)
    fitted = with_steps(case, LogisticRegression(C=2.0, tol=1e-8)).fit(X, y)
    copy = clone(fitted)
    with pytest.raises(NotFittedError):
        copy.predict(X)
    assert copy[-1].get_params() == fitted[-1].get_params()
    np.testing.assert_array_equal(copy.fit(X, y).predict_proba(X), fitted.predict_proba(X))


@pytest.mark.parametrize(
    ("name", "grid"),
    [
        ("polynomials", {"polynomialfeatures__degree": [1, 2, 3]}),
        ("polynomials csr", {"polynomialfeatures__degree": [1, 2]}),
        ("crossed bins", {"kbinsdiscretizer__n_bins": [3, 6]}),
        ("splines csr", {"splinetransformer__n_knots": [2, 5]}),
        ("kernel", {"nystroem__gamma": [0.01, 1.0]}),
    ],
)
def test_a_grid_search_over_steps_finds_what_scikit_learn_finds(name, grid):
    case = CASES[name]
    X, y = case.data()
    X = as_given(X, case.given)
    grid = grid | {"logisticregression__C": [0.1, 10.0]}
    ours, theirs = (
        GridSearchCV(with_steps(case, estimator), grid, scoring="neg_log_loss", cv=3).fit(X, y)
        for estimator in (LogisticRegression(tol=1e-10), SklearnLogisticRegression(tol=1e-9, solver="newton-cholesky"))
    )
    assert ours.best_params_ == theirs.best_params_
    scores = [search.cv_results_["mean_test_score"] for search in (ours, theirs)]
    np.testing.assert_allclose(*scores, atol=1e-5)


@pytest.mark.parametrize("name", ["polynomials csr", "polynomials csc", "kernel csr"])
def test_sparse_and_dense_rows_give_the_same_model(name):
    case = CASES[name]
    X, y = case.data()
    dense, sparse = (
        with_steps(case, LogisticRegression(tol=1e-13)).fit(given, y).predict_proba(given)
        for given in (X, as_given(X, case.given))
    )
    np.testing.assert_allclose(sparse, dense, atol=1e-5)


def test_sparse_splines_are_the_dense_ones():
    X, y = shells()
    dense, sparse = (
        make_pipeline(SplineTransformer(sparse_output=kind), LogisticRegression(tol=1e-13)).fit(X, y)
        for kind in (False, True)
    )
    np.testing.assert_allclose(sparse.predict_proba(X), dense.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_few_of_many_polynomials_by_l1(l1_ratio):
    X, y = circles()
    steps = PolynomialFeatures(4, include_bias=False), StandardScaler()
    options = {"C": 0.1, "l1_ratio": l1_ratio}
    ours = make_pipeline(*steps, LogisticRegression(**options, tol=1e-13)).fit(X, y)
    theirs = make_pipeline(
        *steps, SklearnLogisticRegression(**options, solver="saga", tol=1e-8, max_iter=100_000, random_state=0)
    ).fit(X, y)
    Z, model, other = ours[:-1].transform(X), ours[-1], theirs[-1]
    found = value(Z, y, model.result_.coef, model.result_.intercept, **options)
    expected = value(Z, y, other.coef_[0], other.intercept_[0], **options)
    assert found <= expected + 1e-13
    assert expected - found < 1e-6
    kept = dict(zip(ours[:-1].get_feature_names_out(), model.coef_[0], strict=True))
    assert kept["x0"] == kept["x1"] == 0.0
    assert kept["x0^2"] < 0.0
    assert kept["x1^2"] < 0.0


def test_splines_that_are_collinear_need_no_penalty():
    """The splines of one column add up to one, as the intercept does: many coefficients, one best fit."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-3.0, 3.0, (2_000, 2))
    y = (rng.random(2_000) < 1.0 / (1.0 + np.exp(2.0 - X[:, 0] ** 2 + X[:, 1]))).astype(int)
    steps = SplineTransformer(n_knots=4)
    ours = make_pipeline(steps, LogisticRegression(C=np.inf, tol=1e-13)).fit(X, y)
    independent = SplineTransformer(n_knots=4, include_bias=False)
    theirs = make_pipeline(independent, SklearnLogisticRegression(C=np.inf, tol=1e-9, max_iter=10_000)).fit(X, y)
    found = value(ours[0].transform(X), y, ours[1].result_.coef, ours[1].result_.intercept, np.inf)
    expected = value(theirs[0].transform(X), y, theirs[1].coef_[0], theirs[1].intercept_[0], np.inf)
    assert ours[1].result_.converged
    assert found <= expected + 1e-13
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
