"""The settings of a fit: made once from the arguments of an estimator, in plain types; arguments are looked at once."""

import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.utils import compute_sample_weight
from support.problems import make_problem

from fastlr import LogisticRegression, fit_one_vs_rest
from fastlr.estimator.settings import settings_of
from fastlr.imbalance import balanced_weights


def test_numbers_of_numpy_become_those_of_python():
    model = LogisticRegression(
        C=np.float32(2.0), l1_ratio=np.array(0.5), tol=np.float64(1e-3), max_iter=np.int64(7), n_jobs=np.int32(2)
    )
    found = settings_of(model)
    assert [found.C, found.l1_ratio, found.tol, found.max_iter, found.n_threads] == [2.0, 0.5, 1e-3, 7, 2]
    assert [type(each) for each in (found.C, found.l1_ratio, found.tol)] == [float] * 3
    assert type(found.max_iter) is type(found.n_threads) is int
    assert type(model.C) is np.float32


def test_n_threads_stands_before_n_jobs():
    assert settings_of(LogisticRegression(n_threads=3, n_jobs=2)).n_threads == 3


@pytest.mark.parametrize(
    "arguments, C, l1_ratio",
    [
        ({"penalty": "l1", "l1_ratio": 1.0, "C": 2.0}, 2.0, 1.0),
        ({"penalty": "l2"}, 1.0, 0.0),
        ({"penalty": "elasticnet", "l1_ratio": 0.3}, 1.0, 0.3),
        ({"penalty": None}, np.inf, 0.0),
        ({"l1_ratio": None}, 1.0, 0.0),
    ],
)
def test_the_deprecated_penalty_is_translated(arguments, C, l1_ratio):
    with pytest.warns(FutureWarning):
        found = settings_of(LogisticRegression(**arguments))
    assert (found.C, found.l1_ratio) == (C, l1_ratio)


def test_settings_do_not_change():
    found = settings_of(LogisticRegression())
    with pytest.raises(FrozenInstanceError):
        found.C = 2.0


def test_partial_fit_warns_once_for_all_mini_batches():
    X, y = make_problem(n=600, p=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        LogisticRegression(penalty=None).partial_fit(X, y, [0, 1])
    assert [each.category for each in caught] == [FutureWarning]
    assert caught[0].filename == __file__


class FewArguments(LogisticRegression):
    """A subclass that fixes most arguments."""

    def __init__(self, C=1.0):
        super().__init__(C=C, l1_ratio=0.5)


def test_a_subclass_may_have_few_arguments():
    X, y = make_problem(n=80, p=4)
    found = FewArguments(C=np.float64(0.5)).fit(X, y)
    expected = LogisticRegression(C=0.5, l1_ratio=0.5).fit(X, y)
    assert found.coef_.tobytes() == expected.coef_.tobytes()
    with pytest.raises(ValueError, match="The 'C' parameter of FewArguments"):
        FewArguments(C=-1.0).fit(X, y)


def test_bounds_that_cross_are_told_by_the_name_of_their_column():
    pandas = pytest.importorskip("pandas")
    X, y = make_problem(n=60, p=2)
    X = pandas.DataFrame(X, columns=["age", "size"])
    model = LogisticRegression(bounds={"size": (1.0, 0.0)})
    for learn in (model.fit, lambda X, y: model.partial_fit(X, y, [0, 1])):
        with pytest.raises(ValueError, match=r"for 1 of 2 columns of X \(the first is 'size'\)"):
            learn(X, y)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("K", [2, 3])
def test_balanced_means_the_same_everywhere(K, weighted):
    X, _ = make_problem(n=120, p=3)
    rng = np.random.default_rng(0)
    y = rng.choice(K, size=120, p=np.arange(1, K + 1) / np.arange(1, K + 1).sum())
    given = rng.uniform(0.5, 2.0, 120) if weighted else None
    weight = balanced_weights(y, given)
    if not weighted:
        assert weight.tolist() == compute_sample_weight("balanced", y).tolist()
    found = LogisticRegression(class_weight="balanced", tol=1e-12).fit(X, y, given)
    expected = LogisticRegression(tol=1e-12).fit(X, y, weight)
    np.testing.assert_allclose(found.coef_, expected.coef_, rtol=1e-6)


def repeated_booleans():
    """An indicator (6, 2) of booleans in which an entry is there twice and another one is an explicit False."""
    rows, columns = [0, 0, 2, 4, 1, 3, 5], [0, 0, 0, 0, 1, 1, 1]
    values = np.array([True, True, True, True, True, True, False])
    return sp.csc_array((values, rows, [0, 4, 7]), shape=(6, 2)), sp.coo_array((values, (rows, columns)), shape=(6, 2))


@pytest.mark.parametrize("Y", repeated_booleans())
def test_booleans_that_are_repeated_are_one_label(Y):
    X = np.random.default_rng(1).standard_normal((6, 2))
    plain = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 0]])
    for found, expected in zip(fit_one_vs_rest(X, Y, l2=0.1), fit_one_vs_rest(X, plain, l2=0.1), strict=True):
        assert found.coef.tobytes() == expected.coef.tobytes()
        assert found.intercept == expected.intercept
    found, expected = (LogisticRegression(multi_class="multilabel").fit(X, each) for each in (Y, plain))
    assert found.coef_.tobytes() == expected.coef_.tobytes()


@pytest.mark.parametrize("multi_class", ["multinomial", "ovr", "multilabel"])
def test_the_estimator_and_the_functional_entry_refuse_one_sided_labels(multi_class):
    X, y = make_problem(n=60, p=3)
    Y = np.column_stack([y, np.ones(60)]) if multi_class == "multilabel" else np.arange(60) % 3
    weight = np.ones(60) if multi_class == "multilabel" else (Y == 0).astype(float)
    with pytest.raises(ValueError, match=r"^y"):
        LogisticRegression(multi_class=multi_class).fit(X, Y, weight)
    with pytest.raises(ValueError, match=r"^Y: label \d occurs in (no|every) row"):
        fit_one_vs_rest(X, Y, l2=0.1, sample_weight=weight)
