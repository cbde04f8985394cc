"""LogisticRegression keeps the rules of estimators: parameters, fitted attributes, copies, warm starts, warnings."""

import inspect
import io
import pickle
import re

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from support.problems import make_problem
from support.references import null_objective, one_coordinate_decrease

from fastlr import LogisticRegression, Status

P = 10


@pytest.fixture
def problem():
    return make_problem(p=P)


def checks_that_ask_for_an_optimum(estimator):
    """Without a penalty their classes, which can be separated, have none."""
    if np.isfinite(estimator.C):
        return {}
    checks = "check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"
    return dict.fromkeys(checks, "the classes can be separated")


# some of the checks bring separable classes
@pytest.mark.filterwarnings("ignore::fastlr.SeparationWarning")
@pytest.mark.filterwarnings("ignore:newton_cg did not converge:sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        LogisticRegression(),
        LogisticRegression(C=np.inf),
        LogisticRegression(multi_class="ovr"),
        LogisticRegression(multi_class="ovr", l1_ratio=1.0),
    ],
    expected_failed_checks=checks_that_ask_for_an_optimum,
)
def test_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


def weights(y):
    return np.random.default_rng(1).uniform(0.2, 3.0, len(y))


PENALTIES = {
    "l2": {},
    "l2 strong": {"C": 0.01},
    "l2 weak": {"C": 1e3},
    "l1": {"l1_ratio": 1.0, "C": 0.5},
    "l1 strong": {"l1_ratio": 1.0, "C": 0.1},
    "elastic net": {"l1_ratio": 0.3, "C": 0.3},
    "none": {"C": np.inf},
}


# --- the rules of estimators ------------------------------------------------------------------------------------------


def test_parameters_can_be_read_set_and_cloned():
    model = LogisticRegression(C=0.3, l1_ratio=0.2, callback=print, time_limit=9.0, n_threads=2)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert copied.set_params(C=2.0).C == 2.0
    assert model.C == 0.3
    assert set(model.get_params()) == set(inspect.signature(LogisticRegression).parameters)


def test_the_repr_shows_what_was_changed():
    assert repr(LogisticRegression(C=0.5)) == "LogisticRegression(C=0.5)"


@pytest.mark.parametrize("through", ["pickle", "joblib"])
@pytest.mark.parametrize("fitted", [False, True])
def test_estimators_survive_serialisation(through, fitted, problem):
    X, y = problem
    model = LogisticRegression(l1_ratio=0.5)
    if fitted:
        model.fit(X, y)
    if through == "pickle":
        copied = pickle.loads(pickle.dumps(model))
    else:
        buffer = io.BytesIO()
        joblib.dump(model, buffer)
        copied = joblib.load(buffer)
    assert copied.get_params() == model.get_params()
    assert np.array_equal(copied.fit(X, y).coef_, model.fit(X, y).coef_)
    assert copied.result_.status is Status.CONVERGED


def test_a_verbose_fit_and_a_callback_leave_a_picklable_model(problem, capsys):
    X, y = problem
    model = LogisticRegression(verbose=1, callback=print).fit(X, y)
    assert capsys.readouterr().out
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function", "densify"])
def test_an_unfitted_estimator_says_so(method, problem):
    X, _ = problem
    with pytest.raises(NotFittedError):
        getattr(LogisticRegression(), method)(*(() if method == "densify" else (X,)))


def test_fit_changes_neither_parameters_nor_data(problem):
    X, y = problem
    X.setflags(write=False)
    y.setflags(write=False)
    class_weight = {0.0: 1.0, 1.0: 2.0}
    model = LogisticRegression(class_weight=class_weight)
    before = model.get_params()
    assert model.fit(X, y) is model
    assert model.get_params() == before
    assert class_weight == {0.0: 1.0, 1.0: 2.0}


def test_a_second_fit_forgets_the_first(problem):
    X, y = problem
    model = LogisticRegression().fit(X[:, :4], np.where(y > 0, "yes", "no"))
    model.fit(X, y)
    assert np.array_equal(model.coef_, LogisticRegression().fit(X, y).coef_)
    assert model.n_features_in_ == P


@pytest.mark.parametrize("penalty", [{}, {"l1_ratio": 1.0}], ids=["l2", "l1"])
def test_sparse_coefficients_predict_the_same(penalty, problem):
    X, y = problem
    model = LogisticRegression(C=0.05, **penalty).fit(X, y)
    coef, probability = model.coef_, model.predict_proba(X)
    assert model.sparsify() is model
    assert sp.issparse(model.coef_)
    np.testing.assert_allclose(model.predict_proba(X), probability, rtol=1e-12)
    np.testing.assert_allclose(model.predict_proba(sp.csr_array(X)), probability, rtol=1e-12)
    assert model.densify() is model
    assert np.array_equal(model.coef_, coef)


def test_metadata_routing_carries_weights(problem):
    X, y = problem
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(X, y, logisticregression__sample_weight=weights(y))
    plain = LogisticRegression().fit(StandardScaler().fit_transform(X), y, sample_weight=weights(y))
    assert np.array_equal(model[-1].coef_, plain.coef_)


# --- what a fit leaves behind -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", PENALTIES)
def test_fitted_attributes_are_those_of_the_result(penalty, problem):
    X, y = problem
    model = LogisticRegression(**PENALTIES[penalty], tol=1e-7).fit(X, y)
    result = model.result_
    assert result.converged
    expected = "prox_newton" if "l1_ratio" in PENALTIES[penalty] else "newton_small"
    assert model.solver_ == result.solver == expected
    assert np.array_equal(model.coef_, result.coef[None])
    assert model.intercept_.tolist() == [result.intercept]
    assert model.n_iter_.tolist() == [result.n_iter]
    assert model.n_features_in_ == P
    if penalty == "none":
        assert result.certificate == "newton_decrement"
        assert np.isnan(model.duality_gap_)
    else:
        assert 0 < model.duality_gap_ <= 1e-7 * null_objective(y) + 1e-14
        assert model.duality_gap_ == result.duality_gap


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_c_and_l1_ratio_mean_what_the_docstring_says(l1_ratio, class_weight, problem):
    X, y = problem
    weight = weights(y)
    model = LogisticRegression(C=0.2, l1_ratio=l1_ratio, class_weight=class_weight, tol=1e-11).fit(X, y, weight)
    if class_weight:
        weight = weight * np.where(y > 0, *(weight.sum() / (2 * weight[y == side].sum()) for side in (1, 0)))
    strength = 1 / (0.2 * weight.sum())
    gain = one_coordinate_decrease(
        X, y, model.coef_[0], model.intercept_[0], l1_ratio * strength, (1 - l1_ratio) * strength, weight
    )
    assert gain <= 1e-11 * null_objective(y, weight)


def test_without_an_intercept_it_is_zero(problem):
    X, y = problem
    assert LogisticRegression(fit_intercept=False).fit(X, y).intercept_.tolist() == [0.0]


# --- warm starts and warnings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", ["l2", "l1", "elastic net", "none"])
@pytest.mark.parametrize("sparsified", [False, True])
def test_a_warm_start_goes_on_where_the_last_fit_ended(penalty, sparsified, problem):
    X, y = problem
    model = LogisticRegression(**PENALTIES[penalty], warm_start=True, tol=1e-10).fit(X, y)
    cold = model.n_iter_[0]
    if sparsified:
        model.sparsify()
    model.set_params(tol=1e-9).fit(X, y)
    assert cold > 1
    assert model.n_iter_[0] <= 1  # the bound may have come from the way to the optimum


def test_without_warm_start_every_fit_begins_anew(problem):
    X, y = problem
    model = LogisticRegression().fit(X, y)
    first = model.n_iter_[0]
    assert model.fit(X, y).n_iter_[0] == first > 0


def test_a_warm_start_from_another_number_of_features_is_an_error(problem):
    X, y = problem
    model = LogisticRegression(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"warm_start.*3 features.*10"):
        model.fit(X[:, :3], y)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_too_few_iterations_give_a_warning_with_advice(penalty, problem):
    X, y = problem
    model = LogisticRegression(**PENALTIES[penalty], max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match=r"max_iter=1 was reached.*Increase max_iter or tol") as caught:
        model.fit(X, y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert model.result_.status is Status.MAX_ITER


# --- extremes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1.0, 40.0, 800.0, 1e8, 1e150, 1e300])
def test_probabilities_are_exact_at_any_linear_predictor(size):
    model = LogisticRegression(C=1e3).fit([[-1.0], [-0.5], [0.5], [1.0]], [0, 1, 0, 1])
    model.coef_, model.intercept_ = np.array([[1.0]]), np.array([0.0])
    X = np.array([[-size], [0.0], [size]])
    probability, logarithm = model.predict_proba(X), model.predict_log_proba(X)
    assert np.isfinite(logarithm).all()
    np.testing.assert_allclose(logarithm[:, 1], -np.logaddexp(0, -X[:, 0]), rtol=1e-15)
    np.testing.assert_allclose(logarithm[:, 0], -np.logaddexp(0, X[:, 0]), rtol=1e-15)
    np.testing.assert_allclose(probability, np.exp(logarithm), rtol=1e-13, atol=0)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, rtol=1e-15)


def test_the_docstring_names_every_parameter_and_fitted_attribute(problem):
    X, y = problem
    text = inspect.getdoc(LogisticRegression)
    indicator = LogisticRegression(multi_class="multilabel").fit(X, np.column_stack([y, 1 - y]))
    fitted = vars(LogisticRegression().fit(X, y)) | vars(indicator)
    attributes = [name for name in fitted if re.fullmatch(r"[a-z]\w*_", name)]
    assert {"coef_", "intercept_", "classes_", "n_iter_"} <= set(attributes)
    for name in [*inspect.signature(LogisticRegression).parameters, *attributes]:
        assert re.search(rf"^(.*\W)?{name}(\W.*)? ?:", text, re.MULTILINE), name
