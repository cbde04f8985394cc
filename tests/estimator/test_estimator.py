"""LogisticRegression as scikit-learn's users know it: swap the import line and go on."""

import inspect
import io
import pickle
import re

import joblib
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from support.layouts import as_layout
from support.problems import make_problem
from support.references import null_objective, one_coordinate_decrease

from fastlr import LogisticRegression, Status, fit_logistic

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


# --- swapping the import line -----------------------------------------------------------------------------------------


def test_every_argument_of_scikit_learn_is_understood_in_its_place():
    theirs = inspect.signature(SklearnLogisticRegression).parameters
    ours = inspect.signature(LogisticRegression).parameters
    assert set(theirs) <= set(ours)
    assert [name for name, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD] == [
        name for name, p in theirs.items() if p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    same_default = set(theirs) - {"tol", "solver"}
    assert {name: ours[name].default for name in same_default} == {name: theirs[name].default for name in same_default}


@pytest.mark.parametrize(
    "method", ["fit", "predict", "predict_proba", "predict_log_proba", "score", "decision_function"]
)
def test_methods_take_the_arguments_of_scikit_learn(method):
    theirs = inspect.signature(getattr(SklearnLogisticRegression, method)).parameters
    ours = inspect.signature(getattr(LogisticRegression, method)).parameters
    assert list(ours)[: len(theirs)] == list(theirs)
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in list(ours.values())[len(theirs) :])


@pytest.mark.parametrize(
    "arguments",
    [
        {"dual": True, "solver": "liblinear"},
        {"intercept_scaling": 3.0},
        {"random_state": 0},
        {"random_state": np.random.RandomState(0)},
        {"n_jobs": 1},
        {"n_jobs": -1},
        {"n_jobs": 2, "n_threads": 1},
        {"l1_ratio": 0},
        {"max_iter": 1000, "verbose": 0},
        {"tol": 1},
    ],
)
def test_arguments_without_effect_on_the_optimum_are_accepted(arguments, problem):
    X, y = problem
    model = LogisticRegression(**arguments).fit(X, y)
    plain = LogisticRegression(tol=1e-10).fit(X, y)
    allowed = arguments.get("tol", 1e-6) * null_objective(y)
    assert model.result_.objective - plain.result_.objective <= allowed


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


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0.0: 1.0, 1.0: 3.5}, {1.0: 0.2}])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_same_predictions_as_scikit_learn(penalty, class_weight, weighted, fit_intercept, problem):
    X, y = problem
    common = {"class_weight": class_weight, "fit_intercept": fit_intercept, **PENALTIES[penalty]}
    sample_weight = weights(y) if weighted else None
    match PENALTIES[penalty].get("l1_ratio", 0.0), fit_intercept:
        case 0.0, _:
            solver = "newton-cholesky"
        case 1.0, False:
            solver = "liblinear"  # without an intercept, which it would penalise, far better than saga
        case _:
            solver = "saga"
    theirs = SklearnLogisticRegression(**common, solver=solver, tol=1e-9, max_iter=100_000).fit(X, y, sample_weight)
    ours = LogisticRegression(**common, tol=0.0).fit(X, y, sample_weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(ours.decision_function(X), theirs.decision_function(X), rtol=1e-5, atol=1e-5)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X, y, sample_weight) == theirs.score(X, y, sample_weight)
    for name in ("coef_", "classes_", "n_iter_", *(["intercept_"] if solver != "liblinear" else [])):
        assert getattr(ours, name).shape == getattr(theirs, name).shape
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype


def test_the_default_fit_is_no_further_from_the_optimum_than_that_of_scikit_learn():
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    best = LogisticRegression(tol=1e-13).fit(X, y).result_.objective
    theirs = SklearnLogisticRegression().fit(X, y)
    reached = fit_logistic(X, y, l2=1 / len(y), start=(theirs.coef_[0], theirs.intercept_[0]), max_iter=0).objective
    assert LogisticRegression().fit(X, y).result_.objective - best <= reached - best


SCIKIT_LEARN_SOLVERS = {
    "lbfgs": {"l2", "none"},
    "liblinear": {"l1", "l2"},
    "newton-cg": {"l2", "none"},
    "newton-cholesky": {"l2", "none"},
    "sag": {"l2", "none"},
    "saga": {"l1", "l2", "elasticnet", "none"},
}
BY_PENALTY = {"l2": {}, "l1": {"l1_ratio": 1}, "elasticnet": {"l1_ratio": 0.5}, "none": {"C": np.inf}}


@pytest.mark.parametrize("penalty", BY_PENALTY)
@pytest.mark.parametrize("solver", SCIKIT_LEARN_SOLVERS)
def test_solver_names_of_scikit_learn_keep_their_penalties(solver, penalty, problem):
    X, y = problem
    model = LogisticRegression(solver=solver, **BY_PENALTY[penalty], tol=1e-9)
    peer = SklearnLogisticRegression(solver=solver, **BY_PENALTY[penalty], max_iter=10_000)
    if penalty in SCIKIT_LEARN_SOLVERS[solver]:
        reference = LogisticRegression(**BY_PENALTY[penalty], tol=1e-9).fit(X, y)
        np.testing.assert_allclose(model.fit(X, y).coef_, reference.coef_, rtol=1e-6)
        np.testing.assert_allclose(model.coef_, peer.fit(X, y).coef_, atol=0.05)
    else:
        with pytest.raises(ValueError, match=rf"{solver} supports only .*got {penalty}: use solver='auto'"):
            model.fit(X, y)
        with pytest.raises(ValueError, match=solver):
            peer.fit(X, y)


@pytest.mark.parametrize(
    ("penalty", "old", "new"),
    [
        ("l1", {"l1_ratio": 1.0}, {"l1_ratio": 1.0}),
        ("l2", {}, {}),
        ("elasticnet", {"l1_ratio": 0.4}, {"l1_ratio": 0.4}),
        (None, {}, {"C": np.inf}),
    ],
)
def test_the_deprecated_penalty_still_works(penalty, old, new, problem):
    X, y = problem
    with pytest.warns(
        FutureWarning, match=rf"'penalty' was deprecated.*use .* instead of penalty={penalty!r}"
    ) as caught:
        model = LogisticRegression(penalty=penalty, **old).fit(X, y)
    assert caught[0].filename == __file__
    assert np.array_equal(model.coef_, LogisticRegression(**new).fit(X, y).coef_)


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize(
    ("arguments", "category", "message"),
    [
        ({"penalty": "l1"}, UserWarning, r"Inconsistent values: penalty=l1 with l1_ratio=0.0"),
        ({"penalty": "l2", "l1_ratio": 0.3}, UserWarning, r"only used when penalty is 'elasticnet'. Got .penalty=l2"),
        ({"penalty": None, "C": 3.0}, UserWarning, "Setting penalty=None will ignore the C"),
        ({"l1_ratio": None}, FutureWarning, "'l1_ratio=None' was deprecated"),
    ],
)
def test_deprecated_arguments_that_contradict_others_warn(arguments, category, message, problem):
    with pytest.warns(category, match=message) as caught:
        LogisticRegression(**arguments).fit(*problem)
    assert {warning.filename for warning in caught} == {__file__}


def test_elasticnet_without_a_ratio_is_an_error(problem):
    X, y = problem
    with pytest.raises(ValueError, match="l1_ratio"), pytest.warns(FutureWarning):
        LogisticRegression(penalty="elasticnet", l1_ratio=None).fit(X, y)


# --- labels -----------------------------------------------------------------------------------------------------------

LABELS = {
    "str": np.array(["bad", "good"]),
    "str, second first": np.array(["z", "a"]),
    "object": np.array(["no", "yes"], dtype=object),
    "bool": np.array([False, True]),
    "int": np.array([3, 7]),
    "negative": np.array([-5, -2]),
    "signs": np.array([-1, 1]),
    "uint8": np.array([0, 255], dtype=np.uint8),
    "int8 extremes": np.array([-128, 127], dtype=np.int8),
    "float": np.array([1.0, 2.0]),
    "big int": np.array([2**62, 2**62 + 1]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_type(kind, problem):
    X, y = problem
    names = LABELS[kind]
    labels = names[y.astype(int)]
    model = LogisticRegression().fit(X, labels)
    plain = LogisticRegression().fit(X, y if names[0] < names[1] else 1 - y)
    assert np.array_equal(model.classes_, np.unique(names))
    assert model.classes_.dtype == names.dtype
    assert np.array_equal(model.coef_, plain.coef_)
    assert np.array_equal(model.predict(X), model.classes_[plain.predict(X).astype(int)])
    assert model.predict(X).dtype == names.dtype
    assert model.score(X, labels) == plain.score(X, y if names[0] < names[1] else 1 - y)


@pytest.mark.parametrize("kind", ["str", "object", "bool", "negative"])
def test_class_weights_go_by_the_label(kind, problem):
    X, y = problem
    names = LABELS[kind]
    labels = names[y.astype(int)]
    model = LogisticRegression(class_weight={names[1]: 4.0}).fit(X, labels)
    plain = LogisticRegression().fit(X, labels, sample_weight=np.where(y > 0, 4.0, 1.0))
    assert np.array_equal(model.coef_, plain.coef_)


@pytest.mark.parametrize("kind", ["bool", "int", "negative", "uint8", "float", "big int"])
@pytest.mark.parametrize("form", ["of NumPy", "of Python", "a Series"])
def test_objects_that_are_numbers_are_the_labels_that_they_are(kind, form, problem):
    X, y = problem
    labels = LABELS[kind][y.astype(int)]
    objects = np.empty(len(y), dtype=object)
    objects[:] = list(labels) if form == "of NumPy" else labels.tolist()
    given = pd.Series(objects) if form == "a Series" else objects
    model, plain = LogisticRegression().fit(X, given), LogisticRegression().fit(X, labels)
    assert model.classes_.tolist() == plain.classes_.tolist()
    assert model.classes_.dtype.kind in plain.classes_.dtype.kind.replace("u", "iu")
    assert np.array_equal(model.coef_, plain.coef_)
    assert model.score(X, given) == plain.score(X, labels)
    assert model.log_loss(X, given) == plain.log_loss(X, labels)
    streamed = LogisticRegression().partial_fit(X, given, classes=np.unique(labels).astype(object))
    assert streamed.classes_.tolist() == model.classes_.tolist()
    assert np.array_equal(streamed.coef_, LogisticRegression().partial_fit(X, labels, np.unique(labels)).coef_)


#: Pairs of labels that look like numbers, or like one another.
ALIKE = [["1", "2"], ["0", "1"], ["-1", "1"], ["01", "1"], [" 1", "1"], ["9", "10"], ["\uff11", "1"], ["1.0", "1"]]
ALIKE += [["True", "False"], ["nan", "1"], ["1e3", "1000"]]


@pytest.mark.parametrize("names", ALIKE, ids=repr)
@pytest.mark.parametrize("method", ["two classes", "multinomial", "ovr", "partial_fit"])
@pytest.mark.parametrize("dtype", [str, object])
def test_class_weights_of_labels_that_look_like_numbers(names, method, dtype, problem):
    X, y = problem
    names = names if method in ("two classes", "partial_fit") else [*names, "c"]
    codes = np.arange(len(y)) % 3 if len(names) == 3 else y.astype(int)
    labels = np.array(names, dtype=dtype)[codes]
    more = {"classes": names} if method == "partial_fit" else {}
    options = {"multi_class": method} if len(names) == 3 else {}
    fit = "partial_fit" if method == "partial_fit" else "fit"
    expected = getattr(LogisticRegression(**options), fit)(
        X, labels, sample_weight=np.where(codes > 0, 4.0, 1.0), **more
    )
    weights = [dict.fromkeys(names[1:], 4.0), {np.str_(name): 4 for name in names[1:]} | {names[0]: np.uint8(1)}]
    for class_weight in weights:
        model = getattr(LogisticRegression(class_weight=class_weight, **options), fit)(X, labels, **more)
        np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)
        assert set(model.classes_) == set(names)


@pytest.mark.parametrize(
    ("labels", "class_weight", "unknown"),
    [
        (["1", "2"], {1: 1.0, 2: 5.0}, r"\[1, 2\]"),
        (["1", "2"], {"1": 1.0, 2: 5.0}, r"\[2\]"),
        ([1, 2], {"1": 1.0, "2": 5.0}, r"\['1', '2'\]"),
        ([False, True], {"False": 1.0}, r"\['False'\]"),
        ([1.0, 2.0], {1: 1.0, 3: 1.0}, r"\[3\]"),
    ],
)
def test_class_weights_of_other_labels_are_named(labels, class_weight, unknown, problem):
    X, y = problem
    with pytest.raises(ValueError, match=f"^class_weight=.*: no classes are {unknown}, y has "):
        LogisticRegression(class_weight=class_weight).fit(X, np.array(labels)[y.astype(int)])


@pytest.mark.parametrize("key", [1, 1.0, True, np.int8(1), np.uint64(1), np.float16(1), np.True_])
@pytest.mark.parametrize("dtype", [int, float, bool, np.int8])
def test_class_weights_of_numbers_go_by_their_value(key, dtype, problem):
    X, y = problem
    expected = LogisticRegression().fit(X, y, sample_weight=np.where(y > 0, 4.0, 1.0))
    model = LogisticRegression(class_weight={key: 4.0}).fit(X, y.astype(dtype))
    np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_class_weights_of_dates(problem):
    X, y = problem
    days = np.array(["2020-01-01", "2021-01-01"], "M8[D]")
    expected = LogisticRegression().fit(X, y, sample_weight=np.where(y > 0, 4.0, 1.0))
    for key in (days[1], "2021-01-01", days[1].item(), days[1].astype("M8[ns]")):
        model = LogisticRegression(class_weight={key: 4.0}).fit(X, days[y.astype(int)])
        np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_labels_may_come_as_a_list_or_a_column(problem):
    X, y = problem
    plain = LogisticRegression().fit(X, y)
    assert np.array_equal(LogisticRegression().fit(X.tolist(), y.tolist()).coef_, plain.coef_)
    with pytest.warns(UserWarning, match="column-vector"):
        assert np.array_equal(LogisticRegression().fit(X, y[:, None]).coef_, plain.coef_)


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_give_feature_names(library, problem):
    frames = pytest.importorskip(library)
    X, y = problem
    names = [f"feature {j}" for j in range(P)]
    table = frames.DataFrame(dict(zip(names, X.T, strict=True)))
    model = LogisticRegression().fit(table, frames.Series(y))
    assert model.feature_names_in_.tolist() == names
    plain = LogisticRegression().fit(np.asarray(table, order="F"), y)
    assert np.array_equal(model.coef_, plain.coef_)
    assert np.array_equal(model.predict(table), plain.predict(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[names[::-1]])


def test_a_table_of_mixed_number_types(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    table = pandas.DataFrame({"f": X[:, 0], "i": np.rint(4 * X[:, 1]).astype(int), "b": X[:, 2] > 0})
    expected = LogisticRegression().fit(table.to_numpy(float), y)
    np.testing.assert_allclose(LogisticRegression().fit(table, y).coef_, expected.coef_, rtol=1e-12)


def test_a_sparse_table(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    table = pandas.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X))
    expected = LogisticRegression(tol=1e-12).fit(X, y)
    np.testing.assert_allclose(LogisticRegression(tol=1e-12).fit(table, y).coef_, expected.coef_, rtol=1e-6)


def test_text_columns_of_labels_from_a_table(problem):
    pandas = pytest.importorskip("pandas")
    X, y = problem
    for dtype in ("category", "str", object):
        labels = pandas.Series(np.where(y > 0, "yes", "no")).astype(dtype)
        model = LogisticRegression().fit(X, labels)
        assert model.classes_.tolist() == ["no", "yes"]
        assert np.array_equal(model.coef_, LogisticRegression().fit(X, y).coef_)


@pytest.mark.parametrize("weight_type", [list, np.float32, "int", "pandas"])
def test_weights_in_any_container(weight_type, problem):
    X, y = problem
    whole = np.random.default_rng(0).integers(1, 5, len(y))
    match weight_type:
        case "int":
            given = whole
        case "pandas":
            given = pytest.importorskip("pandas").Series(whole.astype(float))
        case _:
            given = whole.tolist() if weight_type is list else whole.astype(weight_type)
    expected = LogisticRegression().fit(X, y, sample_weight=whole.astype(float))
    assert np.array_equal(LogisticRegression().fit(X, y, sample_weight=given).coef_, expected.coef_)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_layouts_agree_and_are_not_copied(layout, index, problem):
    X, y = problem
    stored = as_layout(X, layout, index=index)
    model = LogisticRegression(tol=1e-15).fit(stored, y)
    expected = LogisticRegression(tol=1e-15).fit(X, y)
    assert model.result_.copied_bytes == 0
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-6)
    np.testing.assert_allclose(model.predict_proba(stored), expected.predict_proba(X), rtol=1e-6)


def test_float32_in_float32_out(layout, problem):
    X, y = problem
    X = X.astype(np.float32)
    stored = as_layout(X, layout, np.float32)
    model = LogisticRegression(tol=1e-10).fit(stored, y)
    wide = LogisticRegression(tol=1e-10).fit(X.astype(float), y)
    assert model.result_.copied_bytes == 0
    assert model.result_.coef.dtype == np.float64
    for array in (model.coef_, model.intercept_, model.predict_proba(stored), model.predict_log_proba(stored)):
        assert array.dtype == np.float32
    assert model.decision_function(stored).dtype == np.float32
    np.testing.assert_allclose(model.result_.coef, wide.coef_[0], rtol=1e-5)
    np.testing.assert_allclose(model.predict_proba(stored), wide.predict_proba(X.astype(float)), rtol=1e-4)


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


# --- in company -------------------------------------------------------------------------------------------------------


def test_in_a_pipeline_it_scores_as_scikit_learn_does():
    X, y = load_breast_cancer(return_X_y=True)
    ours = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y)
    theirs = cross_val_score(make_pipeline(StandardScaler(), SklearnLogisticRegression(tol=1e-8)), X, y)
    np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_grid_search_finds_what_scikit_learn_finds(n_jobs):
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    grid = {"C": [1e-3, 1e-2, 0.1, 1.0]}
    ours, theirs = (
        GridSearchCV(model, grid, scoring="neg_log_loss", n_jobs=n_jobs).fit(X, y)
        for model in (LogisticRegression(tol=1e-12), SklearnLogisticRegression(solver="newton-cholesky", tol=1e-9))
    )
    assert ours.best_params_ == theirs.best_params_
    np.testing.assert_allclose(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-5)


def test_one_against_the_rest_handles_three_classes():
    X, y = load_iris(return_X_y=True)
    ours = OneVsRestClassifier(LogisticRegression(tol=1e-10)).fit(X, y)
    theirs = OneVsRestClassifier(SklearnLogisticRegression(solver="newton-cholesky", tol=1e-8)).fit(X, y)
    assert len(ours.estimators_) == 3
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-4, atol=1e-8)


def test_several_outputs_are_several_fits(problem):
    X, y = problem
    both = MultiOutputClassifier(LogisticRegression()).fit(X, np.column_stack([y, 1 - y]))
    np.testing.assert_allclose(both.estimators_[0].coef_, -both.estimators_[1].coef_, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_it_can_be_calibrated(method, problem):
    X, y = problem
    ours = CalibratedClassifierCV(LogisticRegression(tol=1e-11), method=method).fit(X, y)
    theirs = CalibratedClassifierCV(SklearnLogisticRegression(tol=1e-10), method=method).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)


def test_the_docstring_names_every_parameter_and_fitted_attribute(problem):
    X, y = problem
    text = inspect.getdoc(LogisticRegression)
    indicator = LogisticRegression(multi_class="multilabel").fit(X, np.column_stack([y, 1 - y]))
    fitted = vars(LogisticRegression().fit(X, y)) | vars(indicator)
    attributes = [name for name in fitted if re.fullmatch(r"[a-z]\w*_", name)]
    assert {"coef_", "intercept_", "classes_", "n_iter_"} <= set(attributes)
    for name in [*inspect.signature(LogisticRegression).parameters, *attributes]:
        assert re.search(rf"^(.*\W)?{name}(\W.*)? ?:", text, re.MULTILINE), name
