"""LogisticRegression in place of scikit-learn's: swap the import line and go on."""

import inspect

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support.problems import make_problem
from support.references import null_objective

from fastlr import LogisticRegression, fit_logistic

P = 10


@pytest.fixture
def problem():
    return make_problem(p=P)


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
