"""What a fitted estimator takes in memory and in a pickle: sparsify, densify, compact results."""

import copy
import pickle
import tracemalloc
import weakref

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from support.layouts import as_layout
from support.problems import class_problem, make_problem

from fastlr import LogisticRegression, fit_logistic, fit_one_vs_rest, fit_softmax
from fastlr.inference.identifiability import Separation, refit
from fastlr.matrix.csc import CSCMatrix
from fastlr.matrix.csr import CSRMatrix
from fastlr.matrix.dense import DenseMatrix

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


# --- copies of X during a fit -----------------------------------------------------------------------------------------


class Copies:
    """The most bytes of columns that are alive at one time, as gathered from matrices of these kinds, or as turned into
    an orthonormal basis, beside which X is there as it was."""

    def __init__(self, monkeypatch, *kinds):
        self.most, self._alive = 0, []
        monkeypatch.setattr(refit, "rotation", self._turned(refit.rotation))
        for kind in kinds:
            for name in ("gather", "select"):
                monkeypatch.setattr(kind, name, self._watched(getattr(kind, name)))

    def _turned(self, method):
        def watched(rows, *arguments):
            found = method(rows, *arguments)
            self._alive = [(holder, size) for holder, size in self._alive if holder() is not None]
            self._alive.append((weakref.ref(found.matrix), found.matrix.nbytes))
            as_it_was = 8 * np.prod(rows.matrix.shape)
            self.most = max(self.most, sum(size for _, size in self._alive) + as_it_was)
            return found

        return watched

    def _watched(self, method):
        def watched(matrix, columns):
            found = method(matrix, columns)
            X = found.X
            if not any(holder() is X for holder, _ in self._alive):  # `select` may ask `gather`
                parts = [X] if isinstance(X, np.ndarray) else [X.data, X.indices, X.indptr]
                self._alive.append((weakref.ref(X), sum(part.nbytes for part in parts)))
            self._alive = [(holder, size) for holder, size in self._alive if holder() is not None]
            self.most = max(self.most, sum(size for _, size in self._alive))
            return found

        return watched


def partly(p):
    """l1 on all columns but the first three."""
    strength = np.full(p, 1e-2)
    strength[:3] = 0.0
    return strength


GATHERING = {
    "coordinate descent": lambda X, y: fit_logistic(X, y > 0, l1=5e-3, solver="coordinate_descent"),
    "coordinate descent, partly penalised": lambda X, y: fit_logistic(
        X, y > 0, l1=partly(X.shape[1]), solver="coordinate_descent"
    ),
    "prox-Newton": lambda X, y: fit_logistic(X, y > 0, l1=3e-3, solver="prox_newton"),
    "softmax": lambda X, y: fit_softmax(X, y, l1=5e-3),
    "softmax, partly penalised": lambda X, y: fit_softmax(X, y, l1=partly(X.shape[1])),
    "groups": lambda X, y: fit_softmax(X, y, l1=1e-2, group_penalty=True),
    "one against the rest": lambda X, y: fit_one_vs_rest(X, y, l1=partly(X.shape[1]), n_threads=1),
}


@pytest.mark.parametrize("layout", ["C", "F", "csr", "csc"])
@pytest.mark.parametrize("fit", GATHERING)
def test_copies_that_are_there_at_the_same_time_are_all_counted(fit, layout, monkeypatch):
    X, y = class_problem(300, 600, 3)
    copies = Copies(monkeypatch, DenseMatrix, CSRMatrix, CSCMatrix)
    result = GATHERING[fit](as_layout(X, layout), y)
    counted = max(each.copied_bytes for each in result) if isinstance(result, tuple) else result.copied_bytes
    assert 0 < copies.most <= counted
    assert counted <= 1.01 * copies.most or "softmax" in fit  # whose Hessians take products of columns


def test_a_conversion_counts_beside_what_is_gathered_later():
    X, y = class_problem(300, 600, 3)
    X = np.rint(8.0 * X)
    for fit in (GATHERING["coordinate descent, partly penalised"], GATHERING["groups"]):
        assert fit(X.astype(int), y).copied_bytes == X.nbytes + fit(X, y).copied_bytes
    one, other = (fit_one_vs_rest(each, y, l1=0.9, n_threads=1) for each in (X, X.astype(int)))
    assert [each.copied_bytes for each in other] == [X.nbytes + each.copied_bytes for each in one]
    rare = np.random.default_rng(0).random(X.shape) < 0.06
    S = sp.csr_array(np.where(np.arange(600) < 20, X, rare))
    one, other = (fit_one_vs_rest(each, y, l1=0.3, n_threads=1) for each in (S, S.astype(int)))
    assert "left out beforehand" in one[0].message
    more = {new.copied_bytes - old.copied_bytes for new, old in zip(other, one, strict=True)}
    assert more == {S.data.nbytes + S.indices.nbytes + S.indptr.nbytes}


def test_rows_of_few_columns_are_taken_without_a_copy_of_the_others():
    X, y = class_problem(2000, 500, 3)
    for layout in ("C", "F", "csr", "csc"):
        given = as_layout(X, layout)
        tracemalloc.start()
        try:
            fit_logistic(given, y > 0, l1=np.r_[np.zeros(3), np.full(497, 0.1)])
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < X.nbytes / 2
