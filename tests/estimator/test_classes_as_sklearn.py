"""More than two classes, and several labels, in the company of scikit-learn: pipelines, searches, wrappers."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, load_wine
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from support.classes import EXACT, MODES, K, N, P, peer
from support.problems import class_problem, label_problem

from fastlr import LogisticRegression


@pytest.fixture
def problem():
    return class_problem(N, P, K)


@pytest.fixture
def labels(problem):
    return label_problem(problem[0], 3)


def test_tags_say_what_is_fitted():
    for mode in MODES:
        tags = get_tags(LogisticRegression(multi_class=mode))
        assert tags.classifier_tags.multi_class
        assert not tags.classifier_tags.multi_label
        assert not tags.target_tags.multi_output
    tags = get_tags(LogisticRegression(multi_class="multilabel"))
    assert tags.classifier_tags.multi_label
    assert tags.target_tags.multi_output
    assert tags.target_tags.two_d_labels


@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_in_a_pipeline_it_scores_as_scikit_learn_does(load):
    X, y = load(return_X_y=True)
    ours, theirs = (
        cross_val_score(make_pipeline(StandardScaler(), model), X, y, scoring="neg_log_loss")
        for model in (LogisticRegression(**EXACT), peer())
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_a_grid_search_finds_what_scikit_learn_finds():
    X, y = load_wine(return_X_y=True)
    X, grid = StandardScaler().fit_transform(X), {"C": [1e-3, 0.1, 10.0]}
    ours, theirs = (
        GridSearchCV(model, grid, scoring="neg_log_loss").fit(X, y) for model in (LogisticRegression(**EXACT), peer())
    )
    assert ours.best_params_ == theirs.best_params_
    np.testing.assert_allclose(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], rtol=1e-5)


def test_modes_can_be_searched_over():
    X, y = load_wine(return_X_y=True)
    search = GridSearchCV(LogisticRegression(), {"multi_class": MODES}, error_score="raise")
    assert search.fit(StandardScaler().fit_transform(X), y).best_score_ > 0.95


def test_several_labels_are_cross_validated(problem, labels):
    X, _ = problem
    ours = cross_val_score(LogisticRegression(multi_class="multilabel", **EXACT), X, labels, error_score="raise")
    np.testing.assert_allclose(ours, cross_val_score(OneVsRestClassifier(peer()), X, labels))


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_it_can_be_calibrated(method, problem):
    X, y = problem
    ours = CalibratedClassifierCV(LogisticRegression(**EXACT), method=method).fit(X, y)
    theirs = CalibratedClassifierCV(peer(), method=method).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize("wrap", [OneVsRestClassifier, OneVsOneClassifier])
def test_wrappers_of_scikit_learn_take_it(wrap, problem):
    X, y = problem
    ours, theirs = (wrap(model).fit(X, y) for model in (LogisticRegression(**EXACT), peer()))
    assert np.array_equal(ours.predict(X), theirs.predict(X))


def test_output_codes_take_it(problem):
    X, y = problem
    ours, theirs = (OutputCodeClassifier(model, random_state=0).fit(X, y) for model in (LogisticRegression(), peer()))
    assert np.mean(ours.predict(X) == theirs.predict(X)) > 0.98


def test_several_outputs_of_several_classes(problem):
    X, y = problem
    both = MultiOutputClassifier(LogisticRegression()).fit(X, np.column_stack([y, y % 3]))
    assert [each.coef_.shape for each in both.estimators_] == [(4, P), (3, P)]
    assert both.predict(X).shape == (N, 2)
    chain = ClassifierChain(LogisticRegression()).fit(X, np.column_stack([y > 1, y % 2]))
    assert chain.predict(X).shape == (N, 2)
