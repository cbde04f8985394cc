"""What a fit of more than two classes, or of several labels, leaves behind; warm starts, limits, warnings."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from support.classes import EXACT, MODES, NAMES, K, N, P, weights
from support.layouts import as_layout
from support.problems import class_problem, label_problem

from fastlr import FitInterrupted, LogisticRegression, SeparationWarning, Status


@pytest.fixture
def problem():
    return class_problem(N, P, K)


@pytest.fixture
def labels(problem):
    return label_problem(problem[0], 3)


# --- what a fit leaves behind -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_agree_and_are_not_copied(layout, dtype, problem):
    X, y = problem
    X = X.astype(dtype)
    for mode in MODES:
        model = LogisticRegression(multi_class=mode, **EXACT).fit(as_layout(X, layout, dtype), y)
        expected = LogisticRegression(multi_class=mode, **EXACT).fit(X.astype(float), y)
        results = model.result_ if mode == "ovr" else (model.result_,)
        assert model.coef_.dtype == model.intercept_.dtype == dtype
        assert max(result.copied_bytes for result in results) == 0
        assert results[0].coef.dtype == np.float64
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-4, atol=1e-5)


def test_attributes_of_a_softmax_fit(problem):
    X, y = problem
    model = LogisticRegression().fit(X, y)
    result = model.result_
    assert result.coef.shape == (K, P)
    assert model.solver_ == result.solver == "newton_cg"
    assert model.n_iter_.tolist() == [result.n_iter]
    assert model.duality_gap_ == result.duality_gap
    assert np.array_equal(model.coef_, result.coef)
    np.testing.assert_allclose(model.intercept_ - model.intercept_[0], result.intercept - result.intercept[0])
    assert abs(model.intercept_.sum()) < 1e-12
    assert not LogisticRegression(fit_intercept=False).fit(X, y).intercept_.any()


@pytest.mark.parametrize("mode", ["ovr", "multilabel"])
def test_attributes_of_separate_fits(mode, problem, labels):
    X, y = problem
    model = LogisticRegression(multi_class=mode).fit(X, y if mode == "ovr" else labels)
    assert isinstance(model.result_, tuple)
    assert model.n_iter_.tolist() == [result.n_iter for result in model.result_]
    assert model.duality_gap_ == max(result.duality_gap for result in model.result_)
    assert model.solver_ == "newton_small"
    assert np.array_equal(model.coef_, [result.coef for result in model.result_])
    assert np.array_equal(model.intercept_, [result.intercept for result in model.result_])
    unpenalised = LogisticRegression(C=np.inf, multi_class=mode).fit(X, y if mode == "ovr" else labels)
    assert np.isnan(unpenalised.duality_gap_)


def test_a_second_fit_forgets_the_first(problem, labels):
    X, y = problem
    model = LogisticRegression(multi_class="multilabel").fit(X, labels)
    model.set_params(multi_class="multinomial").fit(X, y)
    assert vars(model).keys() == vars(LogisticRegression().fit(X, y)).keys()
    assert np.array_equal(model.coef_, LogisticRegression().fit(X, y).coef_)


def test_a_fit_that_fails_leaves_the_last_one(problem):
    X, y = problem
    model = LogisticRegression(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X, y % 3)
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert model.predict_proba(X).shape == (N, K)


@pytest.mark.parametrize("mode", [*MODES, "multilabel"])
def test_copies_are_the_model(mode, problem, labels):
    X, y = problem
    target = labels if mode == "multilabel" else y
    model = LogisticRegression(multi_class=mode).fit(X, target)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()
    assert np.array_equal(clone(model).fit(X, target).coef_, model.coef_)
    probability = model.predict_proba(X)
    assert sp.issparse(model.sparsify().coef_)
    np.testing.assert_allclose(model.predict_proba(X), probability, rtol=1e-10)
    np.testing.assert_array_equal(model.densify().coef_, again.coef_)


# --- warm starts, limits and warnings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [*MODES, "multilabel"])
@pytest.mark.parametrize("sparsified", [False, True])
def test_a_warm_start_goes_on_where_the_last_fit_ended(sparsified, mode, problem, labels):
    X, y = problem
    target = labels if mode == "multilabel" else y
    model = LogisticRegression(multi_class=mode, warm_start=True, tol=1e-10).fit(X, target)
    assert model.n_iter_.max() > 1
    if sparsified:
        model.sparsify()
    model.set_params(tol=1e-9).fit(X, target)
    assert model.n_iter_.max() <= 1  # the bound may have come from the way to the optimum


def test_a_warm_start_from_another_shape_is_an_error(problem):
    X, y = problem
    model = LogisticRegression(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"warm_start: X has 3 features, the previous fit had 5"):
        model.fit(X[:, :3], y)
    with pytest.raises(ValueError, match=r"warm_start: .*shape \(4, 5\), this one has 3 classes and shape \(3, 5\)"):
        model.fit(X, y % 3)
    with pytest.raises(ValueError, match=r"warm_start: .*this one has 2 classes and shape \(1, 5\)"):
        model.fit(X, y % 2)


def test_too_few_iterations_give_a_warning(problem, labels):
    X, y = problem
    short = {"max_iter": 1, "tol": 1e-12}
    with pytest.warns(ConvergenceWarning, match=r"newton_cg did not converge: max_iter=1 was reached") as caught:
        LogisticRegression(**short).fit(X, y)
    assert (len(caught), caught[0].filename) == (1, __file__)
    named = r"did not converge for class 'a', class 'b', class 'c', class 'd': max_iter=1 was reached"
    with pytest.warns(ConvergenceWarning, match=named) as caught:
        LogisticRegression(multi_class="ovr", **short).fit(X, NAMES["str"][y])
    assert (len(caught), caught[0].filename) == (1, __file__)
    with pytest.warns(ConvergenceWarning, match="did not converge for label 0, label 1, label 2: max_iter=1"):
        LogisticRegression(multi_class="multilabel", **short).fit(X, labels)


def test_classes_that_can_be_separated_are_named(problem):
    X, y = problem
    X = np.column_stack([X, np.where(y == 1, 1.0, -1.0) * weights()])
    with pytest.warns(SeparationWarning, match="no optimum exists for class 1: ") as caught:
        LogisticRegression(multi_class="ovr", C=np.inf).fit(X, y)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("kind", NAMES)
def test_a_class_that_a_softmax_can_separate_has_its_label_in_the_message(kind):
    rng = np.random.default_rng(0)
    codes = np.arange(300) % 3
    X = rng.standard_normal((300, 2)) + np.column_stack([np.where(codes == 1, -20.0, 0.0), codes])
    classes = np.sort(NAMES[kind])[:3]
    with pytest.warns(SeparationWarning, match="no optimum exists: Class .* can be separated from all others"):
        model = LogisticRegression(C=np.inf).fit(X, classes[codes])
    assert model.result_.message.startswith(f"Class {classes.tolist()[1]!r} can be separated")


def interrupt_after(calls):
    seen = []

    def callback(progress):
        seen.append(progress)
        if len(seen) > calls:
            raise KeyboardInterrupt

    return callback


def test_an_interrupted_softmax_fit_keeps_what_it_has_reached(problem):
    X, y = problem
    model = LogisticRegression(callback=interrupt_after(2), tol=1e-14)
    with pytest.raises(FitInterrupted):
        model.fit(X, y)
    assert model.coef_.shape == (K, P)
    assert np.any(model.coef_)
    assert model.predict_proba(X).shape == (N, K)
    assert model.result_.status is Status.INTERRUPTED


@pytest.mark.parametrize("mode", ["ovr", "multilabel"])
def test_interrupted_fits_of_many_problems_leave_no_model_of_some(mode, problem, labels):
    X, y = problem
    model = LogisticRegression(multi_class=mode, callback=interrupt_after(2), tol=1e-14)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, labels if mode == "multilabel" else y)
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("mode", MODES)
def test_a_callback_may_end_a_fit(mode, problem):
    X, y = problem
    model = LogisticRegression(multi_class=mode, callback=lambda progress: True).fit(X, y)
    results = model.result_ if mode == "ovr" else (model.result_,)
    assert results[0].status is Status.STOPPED
