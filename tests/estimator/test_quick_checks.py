"""The quick way through the estimator's checks: what scikit-learn's lets through passes, to the same effect."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints
from support.layouts import LAYOUTS, as_layout
from support.problems import make_problem

from fastlr import LogisticRegression
from fastlr.estimator import data, parameter_checks

LABELS = {
    "zeros and ones": np.array([0.0, 1.0]),
    "float32": np.array([-3.0, 7.0], dtype=np.float32),
    "large": np.array([-(2.0**60), 2.0**60]),
    "signs": np.array([-1, 1]),
    "int8": np.array([5, -5], dtype=np.int8),
    "uint64": np.array([3, 2**64 - 1], dtype=np.uint64),
    "booleans": np.array([True, False]),
    "text": np.array(["no", "yes"]),
    "objects": np.array(["no", "yes"], dtype=object),
}


@pytest.fixture
def without_short_cut(monkeypatch):
    """A function that fits with everything left to scikit-learn."""

    def fit(model, X, y):
        with monkeypatch.context() as patch:
            patch.setattr(data, "two_classes", lambda X, y: None)
            patch.setattr(parameter_checks, "_are_plain", lambda estimator: False)
            return model.fit(X, y)

    return fit


@pytest.mark.parametrize("storage", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, int])
@pytest.mark.parametrize("labels", LABELS)
def test_both_ways_give_the_same_model(without_short_cut, labels, dtype, storage):
    X, y = make_problem(n=80, p=4)
    X, y = as_layout(4 * X, storage, dtype), LABELS[labels][y.astype(int)]
    quick, thorough = LogisticRegression().fit(X, y), without_short_cut(LogisticRegression(), X, y)
    assert quick.classes_.dtype == thorough.classes_.dtype == y.dtype
    assert quick.classes_.tolist() == thorough.classes_.tolist()
    assert vars(quick).keys() == vars(thorough).keys()
    assert quick.coef_.dtype == thorough.coef_.dtype
    assert quick.coef_.tobytes() == thorough.coef_.tobytes()
    assert quick.intercept_ == thorough.intercept_
    assert quick.n_features_in_ == thorough.n_features_in_ == 4
    assert quick.predict(X).tolist() == thorough.predict(X).tolist()


def bad_inputs():
    X, y = make_problem(n=30, p=3)
    yield "one class", X, np.ones(30)
    yield "three classes of fractions", X, np.arange(30) % 3 + 0.5
    yield "fractions", X, y + 0.5
    yield "nan among labels", X, np.where(np.arange(30) == 7, np.nan, y)
    yield "nan as the first label", X, np.where(np.arange(30) == 0, np.nan, y)
    yield "infinity among labels", X, np.where(y > 0, np.inf, 0.0)
    yield "complex labels", X, y.astype(complex)
    yield "too few labels", X, y[:-1]
    yield "no rows", X[:0], y[:0]
    yield "no columns", X[:, :0], y
    yield "a vector for X", X[:, 0], y
    yield "sparse, too few labels", sp.csr_array(X), y[:-1]
    yield "sparse, one class", sp.csc_array(X), np.ones(30)
    yield "sparse, no rows", sp.csr_array(X[:0]), y[:0]
    yield "sparse vector", sp.coo_array(X[:, 0]), y
    yield "three dimensions", X[:, :, None], y
    yield "two columns of labels", X, np.column_stack([y, y])
    yield "a number for y", X, np.float64(1.0)


@pytest.mark.parametrize("X, y", [pytest.param(X, y, id=name) for name, X, y in bad_inputs()])
def test_both_ways_give_the_same_error(without_short_cut, X, y):
    with pytest.raises((TypeError, ValueError)) as thorough:
        without_short_cut(LogisticRegression(), X, y)
    with pytest.raises(type(thorough.value)) as quick:
        LogisticRegression().fit(X, y)
    assert str(quick.value) == str(thorough.value)


def test_an_array_after_a_table_leaves_no_feature_names():
    pandas = pytest.importorskip("pandas")
    X, y = make_problem(n=40, p=3)
    model = LogisticRegression().fit(pandas.DataFrame(X[:, :2], columns=["a", "b"]), y)
    assert model.feature_names_in_.tolist() == ["a", "b"]
    model.fit(X, y)
    assert model.n_features_in_ == 3
    assert not hasattr(model, "feature_names_in_")


VALUES = [
    None, True, False, 0, 1, -1, 2, 0.0, 0.5, 1.0, -0.5, 1.5, np.inf, -np.inf, np.nan, 10**400, "l2", "deprecated",
    "auto", "lbfgs", "newton_small", "balanced", "", {0: 1.0}, [1.0], print, np.float64(0.5), np.int64(3),
    np.bool_(True), np.random.RandomState(0), 1j,
]  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_arguments_taken_as_plain_are_within_the_constraints(data):
    names = data.draw(st.lists(st.sampled_from(sorted(parameter_checks.CONSTRAINTS)), min_size=1, max_size=2))
    model = LogisticRegression(**{name: data.draw(st.sampled_from(VALUES)) for name in names})
    try:
        validate_parameter_constraints(parameter_checks.CONSTRAINTS, model.get_params(deep=False), caller_name="it")
        valid = True
    except InvalidParameterError:
        valid = False
    assert valid or not parameter_checks._are_plain(model)


def test_the_default_arguments_are_plain():
    assert parameter_checks._are_plain(LogisticRegression())
    assert parameter_checks._are_plain(LogisticRegression(C=10, l1_ratio=1, max_iter=5, n_jobs=2, callback=print))
