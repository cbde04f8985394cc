"""LogisticRegression with more than two classes, and with several labels a row: optima, and labels of any type."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import logsumexp
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from support.classes import EXACT, MODES, NAMES, K, N, P, peer, weights
from support.problems import class_problem, label_problem

from fastlr import LogisticRegression, fit_softmax


@pytest.fixture
def problem():
    return class_problem(N, P, K)


@pytest.fixture
def labels(problem):
    return label_problem(problem[0], 3)


def assert_same(ours, theirs, X):
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-5, atol=1e-5)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert np.array_equal(ours.classes_, theirs.classes_)


# --- the optimum ------------------------------------------------------------------------------------------------------

CLASS_WEIGHTS = [None, "balanced", {0: 1.0, 1: 3.5, 2: 0.5, 3: 1.0}, {2: 0.2}]


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", CLASS_WEIGHTS)
@pytest.mark.parametrize("C", [0.05, 1.0, 100.0])
def test_softmax_is_that_of_scikit_learn(C, class_weight, weighted, fit_intercept, problem):
    X, y = problem
    common = {"C": C, "class_weight": class_weight, "fit_intercept": fit_intercept}
    weight = weights() if weighted else None
    ours = LogisticRegression(**common, **EXACT).fit(X, y, weight)
    theirs = peer(**common).fit(X, y, weight)
    assert_same(ours, theirs, X)
    assert ours.score(X, y, weight) == theirs.score(X, y, weight)
    for name in ("coef_", "intercept_", "n_iter_"):
        assert getattr(ours, name).shape == getattr(theirs, name).shape
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype


def test_softmax_without_a_penalty(problem):
    X, y = problem
    ours = LogisticRegression(C=np.inf, **EXACT).fit(X, y)
    assert_same(ours, peer(C=np.inf).fit(X, y), X)
    assert np.isnan(ours.duality_gap_)
    np.testing.assert_allclose(ours.coef_.sum(axis=0), 0.0, atol=1e-12)


def test_softmax_has_the_coefficients_of_glmnet():
    # glmnet(x, y, alpha=0, lambda=1, intercept=T, family="multinomial", standardize=F, thresh=1e-12)
    X = np.array([[-4, -3, -2, -1, 0, 1, 2, 3, 4], [0, 0, 1, 0, 1, 1, 1, 0, 0]]).T
    model = LogisticRegression(C=1 / 9, tol=1e-14).fit(X, np.repeat([0, 1, 2], 3))
    np.testing.assert_allclose(model.intercept_, [-0.12004759652, 2.251747383e-01, -0.1051271418], rtol=1e-5)
    expected = [[-0.38023389305, -0.01226499932], [-8.164030176e-05, 4.734548012e-02], [0.3803155334, -0.0350804808]]
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-5, atol=1e-8)


def test_the_objective_is_the_one_of_the_docstring(problem):
    X, y = problem
    model = LogisticRegression(C=0.3, class_weight="balanced").fit(X, y, weights())
    weight = weights() * (weights().sum() / (K * np.bincount(y, weights())))[y]
    eta = X @ model.coef_.T + model.intercept_
    loss = logsumexp(eta, axis=1) - eta[np.arange(N), y]
    value = np.average(loss, weights=weight) + np.sum(model.coef_**2) / (2 * 0.3 * weight.sum())
    assert model.result_.objective == pytest.approx(value, rel=1e-10)
    assert 0 < model.duality_gap_ <= 1e-6 * np.log(K)
    best = LogisticRegression(C=0.3, class_weight="balanced", tol=1e-14).fit(X, y, weights()).result_.objective
    assert value - best <= model.duality_gap_


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("penalty", [{"C": 0.5}, {"C": 1e3}, {"C": 0.5, "l1_ratio": 1.0}])
def test_one_against_the_rest_is_that_of_scikit_learn(penalty, class_weight, problem):
    X, y = problem
    ours = LogisticRegression(multi_class="ovr", class_weight=class_weight, **penalty, **EXACT).fit(X, y)
    solver = {"solver": "saga" if "l1_ratio" in penalty else "newton-cholesky", "tol": 1e-10, "max_iter": 100_000}
    theirs = OneVsRestClassifier(SklearnLogisticRegression(class_weight=class_weight, **penalty, **solver)).fit(X, y)
    np.testing.assert_allclose(ours.coef_, np.vstack([each.coef_ for each in theirs.estimators_]), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-4, atol=1e-4)
    assert np.array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", CLASS_WEIGHTS)
def test_one_against_the_rest_is_k_fits_of_two_classes(class_weight, weighted, problem):
    X, y = problem
    weight = weights() if weighted else np.ones(N)
    model = LogisticRegression(multi_class="ovr", class_weight=class_weight, **EXACT)
    model.fit(X, y, weight if weighted else None)
    for k in range(K):
        alone = LogisticRegression(class_weight="balanced" if class_weight == "balanced" else None, **EXACT)
        by_label = np.array([class_weight.get(j, 1.0) for j in y]) if isinstance(class_weight, dict) else 1.0
        alone.fit(X, y == k, weight * by_label)
        np.testing.assert_allclose(model.coef_[k], alone.coef_[0], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(model.intercept_[k], alone.intercept_[0], rtol=1e-5, atol=1e-7)


LABEL_WEIGHTS = [None, "balanced", [{0: 1.0, 1: 2.0}, {0: 0.5, 1: 0.5}, {1: 4.0}]]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", LABEL_WEIGHTS)
@pytest.mark.parametrize("is_sparse", [False, True])
def test_several_labels_are_a_fit_for_each(is_sparse, class_weight, weighted, problem, labels):
    X, _ = problem
    weight = weights() if weighted else None
    Y = sp.csr_array(labels) if is_sparse else labels
    model = LogisticRegression(multi_class="multilabel", class_weight=class_weight, **EXACT).fit(X, Y, weight)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.sparse_labels_ is is_sparse
    for k in range(3):
        own = class_weight[k] if isinstance(class_weight, list) else class_weight
        alone = LogisticRegression(class_weight=own, **EXACT).fit(X, labels[:, k], weight)
        np.testing.assert_allclose(model.coef_[k], alone.coef_[0], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(model.intercept_[k], alone.intercept_[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("is_sparse", [False, True])
def test_several_labels_are_predicted_as_scikit_learn_does(is_sparse, problem, labels):
    X, _ = problem
    Y = sp.csr_array(labels) if is_sparse else labels
    ours = LogisticRegression(multi_class="multilabel", **EXACT).fit(X, Y)
    theirs = OneVsRestClassifier(peer()).fit(X, Y)
    expected, found = theirs.predict(X), ours.predict(X)
    assert sp.issparse(found) is is_sparse
    assert np.array_equal(found.toarray() if is_sparse else found, expected.toarray() if is_sparse else expected)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-4, atol=1e-6)
    assert ours.score(X, Y) == theirs.score(X, Y)


@pytest.mark.parametrize("kind", ["bool", "float", "list", "csc", "coo", "matrix", "duplicates", "table"])
def test_an_indicator_in_any_container(kind, problem, labels):
    X, _ = problem
    match kind:
        case "csc":
            Y = sp.csc_array(labels)
        case "coo":
            Y = sp.coo_matrix(labels)
        case "matrix":
            Y = sp.csr_matrix(labels.astype(bool))
        case "duplicates":  # a one stored as two halves, and zeros that are stored
            rows, columns = np.indices(labels.shape).reshape(2, -1)
            halves = np.tile(labels.ravel() / 2, 2)
            Y = sp.coo_array((halves, (np.tile(rows, 2), np.tile(columns, 2))), shape=labels.shape)
        case "table":
            Y = pytest.importorskip("pandas").DataFrame(labels, columns=["a", "b", "c"])
        case _:
            Y = labels.tolist() if kind == "list" else labels.astype(kind)
    model = LogisticRegression(multi_class="multilabel").fit(X, Y)
    expected = LogisticRegression(multi_class="multilabel").fit(X, labels)
    assert np.array_equal(model.coef_, expected.coef_)


@pytest.mark.parametrize("mode", MODES)
def test_weights_are_copies_of_rows(mode, problem):
    X, y = problem
    counts = np.random.default_rng(3).integers(0, 4, N)
    by_class = {0: 1, 1: 2, 2: 3, 3: 1}
    copies = np.repeat(np.arange(N), counts * np.array([by_class[k] for k in y]))
    model = LogisticRegression(multi_class=mode, class_weight=by_class, **EXACT).fit(X, y, counts)
    repeated = LogisticRegression(multi_class=mode, **EXACT).fit(X[copies], y[copies])
    np.testing.assert_allclose(model.coef_, repeated.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.intercept_, repeated.intercept_, rtol=1e-5, atol=1e-7)


def test_labels_are_copies_of_rows(problem, labels):
    X, _ = problem
    counts = np.random.default_rng(3).integers(0, 4, N)
    copies = np.repeat(np.arange(N), counts)
    arguments = {"multi_class": "multilabel", "class_weight": "balanced", **EXACT}
    model = LogisticRegression(**arguments).fit(X, labels, counts)
    repeated = LogisticRegression(**arguments).fit(X[copies], labels[copies])
    np.testing.assert_allclose(model.coef_, repeated.coef_, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("mode", MODES)
def test_penalty_factors_act_on_columns(mode, problem):
    X, y = problem
    model = LogisticRegression(multi_class=mode, penalty_factor={0: 0.0, 2: 1e8}, **EXACT).fit(X, y)
    scaled = X.copy()
    scaled[:, 0] *= 1e4
    expected = LogisticRegression(multi_class=mode, **EXACT).fit(np.delete(scaled, 2, axis=1), y)
    assert np.abs(model.coef_[:, 2]).max() < 1e-5
    np.testing.assert_allclose(np.delete(model.coef_, [0, 2], axis=1), expected.coef_[:, 1:], atol=1e-4)
    np.testing.assert_allclose(model.coef_[:, 0], 1e4 * expected.coef_[:, 0], atol=1e-4)


def test_standardised_problems_of_one_against_the_rest(problem):
    X, y = problem
    model = LogisticRegression(multi_class="ovr", standardize=True, C=0.1, **EXACT).fit(X, y)
    scaled = LogisticRegression(multi_class="ovr", C=0.1, **EXACT).fit(X / X.std(axis=0), y)
    np.testing.assert_allclose(model.coef_ * X.std(axis=0), scaled.coef_, rtol=1e-5, atol=1e-7)


def test_a_class_without_weight_is_never_predicted(problem):
    X, y = problem
    model = LogisticRegression(class_weight={2: 0.0}, **EXACT).fit(X, y)
    rest = LogisticRegression(**EXACT).fit(X[y != 2], y[y != 2])
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert model.predict_proba(X)[:, 2].max() < 1e-12
    np.testing.assert_allclose(np.delete(model.coef_, 2, axis=0), rest.coef_, atol=1e-6)


# --- two classes are two classes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"l1_ratio": 1.0}, {"class_weight": "balanced"}, {"bounds": (0, None)}])
def test_two_classes_are_the_same_fit_in_both_modes(options, problem):
    X, y = problem
    names = np.array(["no", "yes"])[(y > 1).astype(int)]
    softmax, ovr = (LogisticRegression(multi_class=mode, **options).fit(X, names) for mode in MODES)
    assert softmax.coef_.shape == ovr.coef_.shape == (1, P)
    assert softmax.coef_.tobytes() == ovr.coef_.tobytes()
    assert softmax.result_.coef.shape == (P,)
    assert np.array_equal(softmax.predict(X), ovr.predict(X))


def test_groups_of_one_coefficient_are_the_coefficients(problem):
    X, y = problem
    plain = LogisticRegression(C=0.1, l1_ratio=1.0).fit(X, y > 1)
    grouped = LogisticRegression(C=0.1, l1_ratio=1.0, group_penalty=True).fit(X, y > 1)
    assert grouped.coef_.tobytes() == plain.coef_.tobytes()


# --- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", NAMES)
def test_labels_of_any_type_in_any_order(kind, mode, problem):
    X, y = problem
    names = NAMES[kind]
    model = LogisticRegression(multi_class=mode, **EXACT).fit(X, names[y])
    plain = LogisticRegression(multi_class=mode, **EXACT).fit(X, y)
    order = np.argsort(names)
    assert np.array_equal(model.classes_, names[order])
    np.testing.assert_allclose(model.coef_, plain.coef_[order], rtol=1e-5, atol=1e-7)
    assert np.array_equal(model.predict(X), names[plain.predict(X)])
    if kind != "dates":  # scikit-learn scores no dates
        assert model.score(X, names[y]) == plain.score(X, y)


@pytest.mark.parametrize("dtype", ["category", "str", object])
def test_labels_from_a_table(dtype, problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    table = pandas.DataFrame(X, columns=list("abcde"))
    model = LogisticRegression().fit(table, pandas.Series(NAMES["str"][y]).astype(dtype))
    assert model.classes_.tolist() == ["a", "b", "c", "d"]
    assert model.feature_names_in_.tolist() == list("abcde")
    assert set(model.predict(table)) <= set("abcd")


def test_class_weights_go_by_the_label(problem):
    X, y = problem
    names = NAMES["str"]
    model = LogisticRegression(class_weight={"d": 3.0, "a": 0.5}).fit(X, names[y])
    weighted = LogisticRegression().fit(X, names[y], np.array([3.0, 1.0, 0.5, 1.0])[y])
    np.testing.assert_allclose(model.coef_, weighted.coef_, rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_a_fold_without_a_class_has_fewer_classes(mode, problem):
    X, y = problem
    model = LogisticRegression(multi_class=mode)
    assert model.fit(X, y).coef_.shape == (4, P)
    assert model.fit(X[y != 2], y[y != 2]).coef_.shape == (3, P)
    assert model.classes_.tolist() == [0, 1, 3]
    assert model.predict_proba(X).shape == (N, 3)
    kept = (y == 1) | (y == 3)
    assert model.fit(X[kept], y[kept]).coef_.shape == (1, P)
    assert set(model.predict(X)) == {1, 3}


def test_a_column_of_labels_is_taken_with_a_warning(problem):
    X, y = problem
    with pytest.warns(DataConversionWarning, match="column-vector"):
        model = LogisticRegression().fit(X, y[:, None])
    assert np.array_equal(model.coef_, LogisticRegression().fit(X, y).coef_)


def test_the_softmax_core_agrees(problem):
    X, y = problem
    model = LogisticRegression(C=0.7, **EXACT).fit(X, y)
    result = fit_softmax(X, y, l2=1 / (0.7 * N), **EXACT)
    np.testing.assert_array_equal(model.coef_, result.coef)
