"""standardize=True: moments of columns, and parity with standardisation by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
from mpmath import mp, mpf
from support.layouts import LAYOUTS, as_layout
from support.problems import make_problem
from support.references import exact_objective

from fastlr import LogisticRegression, Status, fit_logistic
from fastlr.matrix import as_matrix

PENALTIES = [{"l2": 0.05}, {"l1": 0.02}, {"l1": 0.02, "l2": 0.03}]
IDS = ["l2", "l1", "elasticnet"]


def exact_moments(x, weight):
    """Weighted mean and population variance of one column, by mpmath."""
    with mp.workdps(60):
        x, weight = [mpf(float(v)) for v in x], [mpf(float(w)) for w in weight]
        total = mp.fsum(weight)
        mean = mp.fsum(w * v for w, v in zip(weight, x, strict=True)) / total
        variance = mp.fsum(w * (v - mean) ** 2 for w, v in zip(weight, x, strict=True)) / total
        return float(mean), float(variance)


def weights_of(n, kind):
    weight = {
        "equal": np.ones(n),
        "random": np.random.default_rng(9).random(n),
        "with zeros": np.random.default_rng(9).random(n) * (np.arange(n) % 3 > 0),
    }[kind]
    return weight / weight.sum()


def hard_columns(n):
    """Columns whose variance is easily lost: far from zero, of any scale, almost constant, constant, empty."""
    rng = np.random.default_rng(4)
    X = rng.standard_normal((n, 9))
    X[:, 1] += 1e8
    X[:, 2] = 1e-120 * X[:, 2]
    X[:, 3] = 1e120 * (X[:, 3] + 10.0)
    X[:, 4] *= rng.random(n) < 0.05
    X[:, 5] = 0.1
    X[:, 6] = 0.0
    X[:, 7] = 3.0
    X[n // 2, 7] = np.nextafter(3.0, 4.0)
    X[0, 8] = 1e9  # the first row far from all others
    return X


# --- moments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["equal", "random", "with zeros"])
@pytest.mark.parametrize("n", [1, 5, 300, 1500])
def test_moments_keep_their_digits(layout, kind, n):
    X = hard_columns(n)
    weight = weights_of(n, "equal" if n == 1 else kind)
    mean, variance = as_matrix(as_layout(X, layout)).column_moments(weight)
    for j in range(X.shape[1]):
        exact_mean, exact_variance = exact_moments(X[:, j], weight)
        assert mean[j] == pytest.approx(exact_mean, rel=1e-13, abs=1e-14 * np.abs(X[:, j]).max(initial=0.0))
        if exact_variance == 0.0:
            assert variance[j] == 0.0
        else:
            assert variance[j] == pytest.approx(exact_variance, rel=1e-9), j


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_moments_have_the_same_bits_for_any_number_of_threads(layout, dtype, index):
    X, _ = make_problem(n=30_000, p=9, density=0.4, seed=2)
    weight = weights_of(len(X), "random")
    stored = as_layout(X, layout, dtype, index)
    found = [np.array(as_matrix(stored, n_threads).column_moments(weight)) for n_threads in (1, 2, 3)]
    assert found[0].tobytes() == found[1].tobytes() == found[2].tobytes()
    wide = X.astype(dtype).astype(float)
    mean = weight @ wide
    np.testing.assert_allclose(found[0], [mean, weight @ (wide - mean) ** 2], rtol=1e-10)


def test_a_constant_column_has_no_variance_however_it_rounds():
    for value in (0.1, 1.0 / 3.0, 1e15 / 7.0, -1e-200, 1e300):
        for layout in LAYOUTS:
            X = as_layout(np.full((1237, 2), value), layout)
            for kind in ("equal", "random", "with zeros"):
                with np.errstate(over="ignore"):
                    _, variance = as_matrix(X).column_moments(weights_of(1237, kind))
                assert np.array_equal(variance, [0.0, 0.0]), (value, layout, kind)


def test_unsorted_rows_have_the_same_moments():
    X, _ = make_problem(n=2000, p=9, density=0.4)
    stored = sp.csr_array(X)
    for i in range(len(X)):
        row = slice(stored.indptr[i], stored.indptr[i + 1])
        stored.indices[row], stored.data[row] = stored.indices[row][::-1].copy(), stored.data[row][::-1].copy()
    stored.has_sorted_indices = False
    weight = weights_of(len(X), "random")
    expected = as_matrix(X).column_moments(weight)
    np.testing.assert_allclose(as_matrix(stored, 2).column_moments(weight), expected, rtol=1e-11)


# --- fits -----------------------------------------------------------------------------------------------------------


def by_hand(X, y, weight, penalty, fit_intercept):
    """(coef, intercept, objective) of a fit on explicitly scaled columns, brought back to the scale of X."""
    share = np.full(len(y), 1 / len(y)) if weight is None else weight / weight.sum()
    sd = np.sqrt(share @ (X - share @ X) ** 2)
    fit = fit_logistic(X / sd, y, sample_weight=weight, fit_intercept=fit_intercept, tol=1e-13, **penalty)
    return fit.coef / sd, fit.intercept, fit.objective


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("penalty", PENALTIES, ids=IDS)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_equals_one_on_columns_scaled_by_hand(layout, penalty, fit_intercept, weighted):
    X, y = make_problem(n=400, p=8, density=0.7)
    X *= 10.0 ** np.linspace(-2, 2, 8)
    weight = np.random.default_rng(3).random(400) if weighted else None
    coef, intercept, objective = by_hand(X, y, weight, penalty, fit_intercept)
    stored = as_layout(X, layout)
    fit = fit_logistic(
        stored, y, sample_weight=weight, fit_intercept=fit_intercept, standardize=True, tol=1e-13, **penalty
    )
    assert fit.status is Status.CONVERGED
    assert fit.objective == pytest.approx(objective, rel=1e-12)
    scale = np.linalg.norm(X, axis=0)
    np.testing.assert_allclose(fit.coef * scale, coef * scale, atol=1e-5 * np.abs(coef * scale).max())
    assert fit.intercept == pytest.approx(intercept, abs=1e-5)


def test_float32_is_standardised_too():
    X, y = make_problem(n=400, p=8)
    X32 = X.astype(np.float32)
    wide = fit_logistic(X32.astype(float), y, l2=0.01, standardize=True, tol=1e-12)
    assert fit_logistic(X32, y, l2=0.01, standardize=True, tol=1e-12).objective == pytest.approx(wide.objective, 1e-12)


def test_the_objective_reported_has_scaled_strengths():
    X, y = make_problem(n=300, p=6)
    X[:, 2] *= 50.0
    variance = X.var(axis=0)
    fit = fit_logistic(X, y, l1=0.01, l2=0.02, standardize=True)
    expected = exact_objective(X, y, fit.coef, fit.intercept, 0.01 * np.sqrt(variance), 0.02 * variance)
    assert fit.objective == pytest.approx(float(expected), rel=1e-12)


def test_individual_strengths_are_scaled_each():
    X, y = make_problem(n=300, p=5)
    strengths = np.array([0.0, 0.01, 0.1, 1.0, 0.05])
    fit = fit_logistic(X, y, l2=strengths, standardize=True, tol=1e-13)
    expected = fit_logistic(X, y, l2=strengths * X.var(axis=0), tol=1e-13)
    np.testing.assert_allclose(fit.coef, expected.coef, rtol=1e-8)


def test_without_a_penalty_nothing_changes():
    X, y = make_problem(n=300, p=5)
    plain, standardised = (fit_logistic(X, y, standardize=switch) for switch in (False, True))
    np.testing.assert_array_equal(plain.coef, standardised.coef)


def test_units_of_a_column_do_not_matter():
    X, y = make_problem(n=300, p=5)
    units = np.array([1e-6, 1.0, 1e6, -3.0, 0.02])
    fit, other = (fit_logistic(Z, y, l2=0.02, standardize=True, tol=1e-13) for Z in (X, X * units))
    np.testing.assert_allclose(other.coef * units, fit.coef, rtol=1e-5)
    assert other.objective == pytest.approx(fit.objective, rel=1e-12)


@pytest.mark.parametrize("n_threads", [2, 3])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_fit_for_any_number_of_threads(layout, n_threads):
    X, y = make_problem(n=20_000, p=6, seed=5)
    stored = as_layout(X, layout)
    one, more = (fit_logistic(stored, y, l2=0.01, standardize=True, n_threads=count).coef for count in (1, n_threads))
    assert np.array_equal(one, more)


def test_moments_count_as_two_readings():
    X, y = make_problem(n=300, p=5)
    standardised = fit_logistic(X, y, l2=0.01, standardize=True, max_iter=0)
    assert standardised.n_passes == fit_logistic(X, y, l2=0.01, max_iter=0).n_passes + 2
    assert standardised.copied_bytes == 0


# --- constant columns -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("penalty", [*PENALTIES, {}], ids=[*IDS, "none"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n", [300, 12_000])  # dense X of many rows is preconditioned by the Hessian of a sample
def test_constant_columns_are_left_out(layout, penalty, fit_intercept, n):
    X, y = make_problem(n=n, p=5, density=0.8)
    constants = np.array([1.0, 0.0, -0.1, 1e6, 1e-6])
    wide = np.concatenate([X, np.broadcast_to(constants, (n, 5))], axis=1)
    options = {"fit_intercept": fit_intercept, "standardize": True, "tol": 1e-9, **penalty}
    expected = fit_logistic(X, y, **options)
    fit = fit_logistic(as_layout(wide, layout), y, **options, start=(np.ones(10), 0.0))
    assert fit.status is Status.CONVERGED
    assert np.array_equal(fit.coef[5:], np.zeros(5))
    assert fit.objective == pytest.approx(expected.objective, rel=2e-9)
    np.testing.assert_allclose(fit.coef[:5], expected.coef, rtol=1e-3, atol=1e-4)
    if penalty:
        assert fit.certificate == "gap"
        tight = fit_logistic(X, y, **options | {"tol": 1e-14})
        assert fit.duality_gap >= fit.objective - tight.objective
        assert fit.duality_gap <= 1e-8


def test_a_model_of_constant_columns_alone_is_the_null_model():
    y = np.array([0.0, 1.0, 1.0, 1.0])
    for penalty in PENALTIES:
        fit = fit_logistic(np.ones((4, 2)), y, standardize=True, **penalty)
        assert np.array_equal(fit.coef, [0.0, 0.0])
        assert fit.intercept == pytest.approx(np.log(3.0))
        assert fit.converged


def test_a_column_constant_among_the_rows_that_count_is_left_out():
    X, y = make_problem(n=200, p=3)
    weight = np.ones(200)
    weight[:20] = 0.0
    X[20:, 1] = 2.0
    fit = fit_logistic(X, y, l2=0.01, sample_weight=weight, standardize=True)
    assert fit.coef[1] == 0.0
    assert fit.coef[0] != 0.0


# --- errors and the estimator ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bad, name", [(np.nan, "NaN"), (np.inf, "infinity")])
def test_nan_and_infinity_are_located(layout, bad, name):
    X, y = make_problem(n=200, p=4, density=1.0)
    X[37, 2] = bad
    with pytest.raises(ValueError, match=f"Input X contains {name}, at row 37, column 2"):
        fit_logistic(as_layout(X, layout), y, l2=0.1, standardize=True)


def test_a_variance_that_overflows_is_refused():
    X, y = make_problem(n=200, p=4)
    X[:, 1] *= 1e200
    with pytest.raises(ValueError, match="variance overflows, column 1: rescale"):
        fit_logistic(X, y, l2=0.1, standardize=True)


@pytest.mark.parametrize("value", [1, None, "yes", np.array([True])])
def test_standardize_is_a_switch(value):
    X, y = make_problem(n=50, p=2)
    with pytest.raises(TypeError, match=r"standardize=.*expected True or False"):
        fit_logistic(X, y, standardize=value)
    with pytest.raises(ValueError, match="'standardize' parameter"):
        LogisticRegression(standardize="yes").fit(X, y)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_the_estimator_hands_it_on(l1_ratio):
    X, y = make_problem(n=300, p=6)
    X *= 10.0 ** np.linspace(-2, 2, 6)
    weight = np.random.default_rng(1).random(300)
    model = LogisticRegression(C=0.05, l1_ratio=l1_ratio, standardize=True, tol=1e-12).fit(X, y, sample_weight=weight)
    strength = 1.0 / (0.05 * weight.sum())
    fit = fit_logistic(
        X, y, l1=l1_ratio * strength, l2=(1 - l1_ratio) * strength, sample_weight=weight, standardize=True, tol=1e-12
    )
    np.testing.assert_array_equal(model.coef_[0], fit.coef)
    assert model.get_params()["standardize"] is True
