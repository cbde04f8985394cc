"""A fitted estimator of K classes without a fit, and plain references of what it answers; shared by the tests."""

import numpy as np
from scipy.special import expit, log_expit, log_softmax, logsumexp, softmax
from sklearn.base import BaseEstimator

from fastlr.estimator.prediction import LinearPrediction
from support.problems import make_problem

KINDS = ("multinomial", "ovr", "multilabel")


class Fitted(LinearPrediction, BaseEstimator):
    """LinearPrediction over coefficients set by hand."""

    def __init__(self, multi_class="multinomial", n_threads=None, n_jobs=None):
        self.multi_class = multi_class
        self.n_threads = n_threads
        self.n_jobs = n_jobs


def model_of(coef, intercept=None, multi_class="multinomial", classes=None, n_threads=None):
    """A model with coef (K, p), intercept (K,) and classes 0..K-1 unless they are given."""
    model = Fitted(multi_class, n_threads)
    model.coef_ = np.asarray(coef)
    K, p = model.coef_.shape
    model.intercept_ = np.zeros(K, model.coef_.dtype) if intercept is None else np.asarray(intercept)
    model.classes_ = np.arange(K) if classes is None else np.asarray(classes)
    model.n_features_in_ = p
    return model


def of_predictors(eta, multi_class="multinomial", **options):
    """A model and an X of one row for each of these linear predictors (n, K)."""
    eta = np.asarray(eta, dtype=float)
    return model_of(np.ascontiguousarray(eta.T), multi_class=multi_class, **options), np.eye(len(eta))


def probabilities(eta, multi_class):
    """Probabilities of linear predictors (n, K) in plain NumPy and SciPy."""
    if multi_class == "multinomial":
        return softmax(eta, axis=1)
    if multi_class == "ovr":
        return np.exp(log_probabilities(eta, multi_class))
    return expit(eta)


def log_probabilities(eta, multi_class):
    """Their logarithms."""
    if multi_class == "multinomial":
        return log_softmax(eta, axis=1)
    logs = log_expit(eta)
    return logs - logsumexp(logs, axis=1, keepdims=True) if multi_class == "ovr" else logs


def random_model(n=200, p=5, K=4, seed=0):
    """X, and coefficients (K, p) and intercepts (K,) that no fit has made."""
    X, _ = make_problem(n=n, p=p, seed=seed)
    rng = np.random.default_rng(seed)
    return X, rng.standard_normal((K, p)), rng.standard_normal(K)
