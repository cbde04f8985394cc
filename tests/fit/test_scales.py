"""Columns of any size: the same optimum in other units, few passes more, no floating-point error."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from support.layouts import as_layout
from support.problems import make_problem, random_matrix
from support.references import exact_objective, null_objective, one_coordinate_decrease

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax, imbalance

N, P = 60, 6


@pytest.fixture
def problem():
    return make_problem(N, P, density=0.8)


# --- scales -----------------------------------------------------------------------------------------------------------

SCALES = {
    "all tiny": np.full(P, 1e-8),
    "all huge": np.full(P, 1e8),
    "one tiny": np.where(np.arange(P) == 2, 1e-8, 1.0),
    "one huge": np.where(np.arange(P) == 2, 1e8, 1.0),
    "spread": np.geomspace(1e-8, 1e8, P),
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["none", "l2", "l1", "elasticnet"])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_scaled_columns_reach_the_same_optimum(layout, scale, name, fit_intercept):
    X, y = make_problem()
    X, factor = X[:, :P], SCALES[scale]
    l2 = 1e-2 if name in ("l2", "elasticnet") else 0.0
    l1 = 1e-2 if name in ("l1", "elasticnet") else 0.0
    tol = 1e-7
    best = fit_logistic(X, y, l1=l1, l2=l2, tol=1e-14, fit_intercept=fit_intercept)
    result = fit_logistic(
        as_layout(X * factor, layout), y, l1=l1 * factor, l2=l2 * factor**2, tol=tol, fit_intercept=fit_intercept
    )
    reached = exact_objective(X, y, result.coef * factor, result.intercept, l1=l1, l2=l2)
    assert result.converged, result.message
    assert reached - best.objective <= tol * null_objective(y, fit_intercept=fit_intercept)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("penalty", [{"l2": 1e-2}, {"l1": 1e-2}, {"l1": 5e-3, "l2": 5e-3}], ids=["l2", "l1", "both"])
def test_scaled_columns_under_one_strength_reach_their_optimum(layout, scale, penalty):
    X, y = make_problem()
    X = X[:, :P] * SCALES[scale]
    result = fit_logistic(as_layout(X, layout), y, **penalty, tol=1e-7)
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **{"l1": 0.0, "l2": 0.0} | penalty)
    assert result.converged, result.message
    assert gain <= result.duality_gap <= 1e-7 * null_objective(y) + 1e-14


@pytest.mark.parametrize("factor", [1e150, 1e-150])
@pytest.mark.parametrize("columns", ["one", "all"])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_absurd_scales_give_probabilities_and_no_loss_over_the_null_model(layout, factor, columns, l1_ratio, C):
    X, y = make_problem(N, P)
    X[:, slice(2, 3) if columns == "one" else slice(None)] *= factor
    stored = as_layout(X, layout)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=C, l1_ratio=l1_ratio).fit(stored, y)
    probability = model.predict_proba(stored)
    assert np.isfinite(probability).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    assert model.result_.objective <= null_objective(y) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("solver", "more"), [("newton_small", {}), ("newton_cholesky", {}), ("prox_newton", {"bounds": (0, 1)})]
)
def test_solvers_with_a_hessian_refuse_columns_without_number(solver, more):
    X = sp.eye_array(50, 10**6, format="csr")
    with pytest.raises(ValueError, match=rf"{solver}.* at most 20,000 columns .* solvers that can"):
        fit_logistic(X, np.arange(50) % 2, l2=1e-2, solver=solver, **more)


# --- floating-point errors --------------------------------------------------------------------------------------------


@pytest.fixture
def raising():
    """NumPy raises where numbers underflow or overflow, as somebody may have asked for elsewhere in a program."""
    with np.errstate(all="raise"):
        yield


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160])
@pytest.mark.parametrize("C", [1e-300, 1.0, np.inf])
@pytest.mark.parametrize("mode", ["two classes", "multinomial", "ovr", "multilabel"])
def test_harmless_underflow_and_overflow_raise_nowhere(raising, layout, scale, C, mode):
    X, y = make_problem(N, P)
    y = X[:, 0] > 0 if mode == "two classes" else np.digitize(X[:, 0], [-0.5, 0.5])
    y = np.column_stack([y > 0, y == 0]) if mode == "multilabel" else y
    X = as_layout(X * scale, layout)
    options = {} if mode == "two classes" else {"multi_class": mode}
    first = {} if mode == "multilabel" else {"classes": np.unique(y)}
    LogisticRegression(C=C, **options).partial_fit(X, y, **first).predict_proba(X)
    model = LogisticRegression(C=C, **options).fit(X, y)
    given = [{}] if mode != "two classes" else [{}, {"offset": np.linspace(-800.0, 800.0, N)}]
    for more in given:
        for ask in (model.predict, model.predict_proba, model.predict_log_proba, model.decision_function):
            ask(X, **more)
        model.log_loss(X, y, **more)
    model.predict_top_k(X, 1)


@pytest.mark.parametrize("penalty", [{}, {"l2": 1e-300}, {"l1": 1e-2}])
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160])
def test_functions_raise_no_floating_point_errors_either(raising, layout, penalty, scale):
    X, y = make_problem(N, P)
    X = as_layout(X * scale, layout)
    classes = np.arange(N) % 3
    for call in (
        lambda: fit_logistic(X, y, **penalty),
        lambda: fit_softmax(X, classes, **penalty),
        lambda: fit_one_vs_rest(X, classes, **penalty),
        lambda: fit_logistic(X, y, sample_weight=np.geomspace(1e-300, 1e300, N), **penalty),
    ):
        call()


def test_fits_of_labels_in_threads_warn_of_no_overflow(raising):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 4)) * 1e160
    fit_one_vs_rest(np.asfortranarray(X), np.arange(20_000) % 3, l2=0.1, n_threads=2, max_iter=3, solver="lbfgs")


def test_imbalance_raises_no_floating_point_errors_either(raising):
    assert imbalance.balanced_weights([0, 1, 1], 1e-320).max() > 0.0
    assert np.isfinite(imbalance.corrected_intercept(1e308, 1e-320, 1.0 - 1e-16))
    assert imbalance.cost_threshold(5e-324, 1e308) == 0.0


def test_the_state_of_numpy_stays_what_it_was(raising, problem):
    before = np.geterr()
    fit_logistic(*problem)
    LogisticRegression().fit(*problem).predict(problem[0])
    with pytest.raises(ValueError):
        fit_logistic(*problem, l2=-1.0)
    assert np.geterr() == before


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_diagnosis_of_columns_whose_squares_underflow_ends():
    for seed in range(4):
        X = np.random.default_rng(seed).standard_normal((40, 4)) * 1e-160
        LogisticRegression(C=np.inf, max_iter=20).fit(sp.csr_array(X), (X[:, 0] > 0).astype(int))


#: (n, p, density)
SHAPES = {"tall": (6000, 30, 1.0), "square": (900, 300, 1.0), "wide": (300, 1000, 1.0), "sparse": (2000, 3000, 0.01)}


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("penalty", ["l1", "l2"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_problem_in_other_units_takes_at_most_half_as_many_passes_again(shape, penalty, fit_intercept):
    """Strengths in the units of the columns make it the same problem."""
    n, p, density = SHAPES[shape]
    rng = np.random.default_rng(0)
    X = random_matrix(n, p, density)
    y = (X @ rng.standard_normal(p) / np.sqrt(density * p) + rng.logistic(size=n) > 0).astype(float)
    scale = 10.0 ** rng.uniform(-6, 6, p)
    strength = {"l1": 2e-3, "l2": 1e-3}[penalty]
    scaled_strength = strength * scale ** {"l1": 1, "l2": 2}[penalty]
    layout = sp.csr_array if density < 1.0 else np.asarray
    options = {"fit_intercept": fit_intercept, "tol": 1e-8}
    own = fit_logistic(layout(X), y, **{penalty: strength}, **options)
    scaled = fit_logistic(layout(X * scale), y, **{penalty: scaled_strength}, **options)
    assert own.converged
    assert scaled.converged
    assert scaled.objective == pytest.approx(own.objective, rel=1e-7)
    np.testing.assert_allclose(scaled.coef * scale, own.coef, atol=1e-3)
    assert scaled.n_passes <= 1.5 * own.n_passes


def test_one_strength_for_all_columns_is_another_problem_and_converges_too():
    X = random_matrix(2000, 40, 1.0)
    rng = np.random.default_rng(0)
    y = (X @ rng.standard_normal(40) / 6 + rng.logistic(size=2000) > 0).astype(float)
    own = fit_logistic(X, y, l2=1e-4, tol=1e-8)
    scaled = fit_logistic(X * 10.0 ** rng.uniform(-6, 6, 40), y, l2=1e-4, tol=1e-8)
    assert scaled.converged
    assert scaled.n_passes <= 1.5 * own.n_passes
