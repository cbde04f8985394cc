"""What a fitted estimator takes in memory and in a pickle: sparsify, densify, compact results."""

import copy
import pickle

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from helpers import make_problem

from fastlr import LogisticRegression, fit_logistic, fit_softmax
from fastlr.diagnosis import Separation

P = 20_000
KINDS = {
    "two classes": {},
    "softmax": {"multi_class": "multinomial"},
    "groups": {"multi_class": "multinomial", "group_penalty": True},
    "ovr": {"multi_class": "ovr"},
    "multilabel": {"multi_class": "multilabel"},
}
METHODS = ("decision_function", "predict_proba", "predict_log_proba", "predict")


def wide_problem(kind, dtype=np.float64):
    """A sparse X of many columns, and labels of which few columns tell anything."""
    X = sp.csr_array(sp.random(200, P, density=2e-3, format="csr", random_state=0, dtype=dtype))
    told = np.asarray(X[:, :2000].sum(axis=1)).ravel()
    y = np.digitize(told, np.quantile(told, [0.4, 0.7]))
    if kind == "multilabel":
        return X, np.column_stack([y > 0, y > 1, y == 1]).astype(int)
    return X, y > 0 if kind == "two classes" else y


def fitted(kind, dtype=np.float64):
    X, y = wide_problem(kind, dtype)
    return LogisticRegression(C=3.0, l1_ratio=1.0, **KINDS[kind]).fit(X, y), X


def size(model):
    return len(pickle.dumps(model))


def results(model):
    return model.result_ if isinstance(model.result_, tuple) else (model.result_,)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_sparse_model_has_a_small_pickle(kind, dtype):
    model, X = fitted(kind, dtype)
    dense = size(model)
    answers = [getattr(model, method)(X) for method in METHODS]
    coef, nonzeros = model.coef_.copy(), np.count_nonzero(model.coef_)
    assert 0 < nonzeros < P / 20
    assert model.sparsify() is model
    assert dense > coef.nbytes
    rest = sum(len(pickle.dumps(each.history)) for each in results(model)) + 4000
    assert size(model) < 50 * nonzeros + rest < coef.nbytes
    again = pickle.loads(pickle.dumps(model))
    for other in (model, again, copy.deepcopy(model)):
        assert sp.issparse(other.coef_)
        assert other.coef_.dtype == dtype
        for method, answer in zip(METHODS, answers, strict=True):
            assert np.array_equal(getattr(other, method)(X), answer)
    for ours, theirs in zip(results(model), results(again), strict=True):
        assert np.array_equal(ours.coef, theirs.coef)
        assert isinstance(theirs.coef, np.ndarray)
    assert np.array_equal(again.densify().coef_, coef)
    for method, answer in zip(METHODS, answers, strict=True):
        assert np.array_equal(getattr(again, method)(X), answer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sparse_model_goes_on(kind):
    model, X = fitted(kind)
    y = wide_problem(kind)[1]
    model.set_params(warm_start=True).sparsify()
    assert np.max(pickle.loads(pickle.dumps(model)).fit(X, y).n_iter_) <= np.max(fitted(kind)[0].n_iter_)
    streamed = pickle.loads(pickle.dumps(model)).partial_fit(X, y)
    assert np.array_equal(streamed.coef_, copy.deepcopy(model).densify().partial_fit(X, y).coef_)


def test_a_result_keeps_its_bits_in_a_pickle(tmp_path):
    X, y = wide_problem("two classes")
    result = fit_logistic(X, y, l1=1e-2)
    result.coef[:3] = -0.0, np.nextafter(0.0, 1.0), np.nan
    joblib.dump(result, tmp_path / "result")
    for again in (pickle.loads(pickle.dumps(result)), joblib.load(tmp_path / "result"), copy.copy(result)):
        assert again.coef.tobytes() == result.coef.tobytes()
        assert (again.message, again.status, again.history) == (result.message, result.status, result.history)
        with pytest.raises(AttributeError):
            again.coef = None
    assert len(pickle.dumps(result)) < result.coef.nbytes / 10


def test_a_result_of_many_nonzeros_is_not_larger_for_it():
    X, y = make_problem(200, 50)
    result = fit_logistic(X, y, l2=1e-2)
    assert np.array_equal(pickle.loads(pickle.dumps(result)).coef, result.coef)
    X, y = wide_problem("softmax")
    result = fit_softmax(X, y, l1=1e-2)
    again = pickle.loads(pickle.dumps(result))
    assert again.coef.shape == (3, P)
    assert np.array_equal(again.coef, result.coef)


def test_a_separation_has_a_small_pickle():
    direction = np.zeros(P)
    direction[7] = 1.0
    found = Separation("quasi-complete", (7,), direction, 0.5, 3)
    assert len(pickle.dumps(found)) < 1000
    assert np.array_equal(pickle.loads(pickle.dumps(found)).direction, direction)
