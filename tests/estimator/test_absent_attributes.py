"""A fitted attribute that is not there says why, and is still not there."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted
from support.problems import make_problem

from fastlr import LogisticRegression

X, Y = make_problem(100, 3)
OF_A_FIT = ("result_", "solver_", "duality_gap_")
OF_EVERY_MODEL = ("coef_", "intercept_", "classes_", "n_iter_", "n_features_in_")


def assert_absent(model, name, because):
    assert not hasattr(model, name)
    assert getattr(model, name, 3) == 3
    with pytest.raises(
        AttributeError, match=rf"'LogisticRegression' object has no attribute '{name}'.*{because}"
    ) as found:
        getattr(model, name)
    assert (found.value.name, found.value.obj) == (name, model)


def copies(model):
    return model, copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("name", OF_A_FIT)
@pytest.mark.parametrize("fits_before", [0, 1])
def test_what_only_a_fit_knows_is_absent_after_partial_fit(name, fits_before):
    model = LogisticRegression()
    for _ in range(fits_before):
        model.fit(X, Y)
    for each in copies(model.partial_fit(X, Y, classes=[0, 1])):
        check_is_fitted(each)
        assert_absent(each, name, "partial_fit takes steps without a certificate")
    assert hasattr(model.fit(X, Y), name)


@pytest.mark.parametrize("name", [*OF_A_FIT, *OF_EVERY_MODEL, "t_", "feature_names_in_"])
def test_before_the_fit_everything_is_absent(name):
    for each in (*copies(LogisticRegression()), clone(LogisticRegression().fit(X, Y))):
        assert_absent(each, name, "not fitted yet, call fit first")
        with pytest.raises(NotFittedError):
            check_is_fitted(each)
        with pytest.raises(NotFittedError):
            each.predict(X)


def test_what_depends_on_the_data_is_absent_with_a_reason():
    model = LogisticRegression().fit(X, Y)
    assert_absent(model, "t_", "partial_fit has seen since fit")
    assert_absent(model, "feature_names_in_", "X of the fit had no names of columns")
    assert_absent(model, "label_names_", "multi_class='multilabel' only")
    assert_absent(model, "sparse_labels_", "multi_class='multilabel' only")


@pytest.mark.parametrize("name", ["coeff_", "predict_probs", "C_", "__array__", "transform"])
def test_other_names_have_the_error_of_python(name):
    model = LogisticRegression().fit(X, Y)
    with pytest.raises(AttributeError, match=rf"^'LogisticRegression' object has no attribute '{name}'$"):
        getattr(model, name)


def test_an_object_without_any_state_does_not_ask_itself_for_ever():
    empty = LogisticRegression.__new__(LogisticRegression)
    assert not hasattr(empty, "coef_")
    assert not hasattr(empty, "C")
    assert np.array_equal(pickle.loads(pickle.dumps(LogisticRegression().fit(X, Y))).predict(X)[:0], [])
