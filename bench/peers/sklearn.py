"""scikit-learn's LogisticRegression with each of its solvers."""

from __future__ import annotations

import warnings

import numpy as np

from bench.peers.base import ALL, SMOOTH, Peer


class ScikitLearn(Peer):
    """Common part: C, l1_ratio and an iteration limit out of the way; labels as they come."""

    solver: str

    def estimator(self):
        """The class to fit, imported here."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression

    def prepare(self, X, y, objective, n_threads):
        from sklearn.multiclass import OneVsRestClassifier

        model = self.estimator()(
            C=objective.penalty.inverse_strength(len(y)),
            l1_ratio=objective.penalty.l1_ratio,
            fit_intercept=objective.fit_intercept,
            solver=self.solver,
            max_iter=1_000_000,
            random_state=0,
        )
        self._data = (X, y)
        self._objective = objective
        self._model = OneVsRestClassifier(model) if objective.formulation == "ovr" else model

    def fit(self, tol):
        several = self._objective.formulation == "ovr"
        self._model.set_params(**{"estimator__tol" if several else "tol": tol})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._model.fit(*self._data)
        fitted = self._model.estimators_ if several else [self._model]
        coef = np.vstack([model.coef_ for model in fitted])
        intercept = np.zeros(len(coef))
        if self._objective.fit_intercept:
            intercept += np.hstack([model.intercept_ for model in fitted])
        return (coef[0], float(intercept[0])) if self._objective.is_binary else (coef, intercept)


class Lbfgs(ScikitLearn):
    name = "sklearn-lbfgs"
    solver = "lbfgs"
    penalties = softmax_penalties = ovr_penalties = SMOOTH


class NewtonCG(ScikitLearn):
    name = "sklearn-newton-cg"
    solver = "newton-cg"
    penalties = softmax_penalties = ovr_penalties = SMOOTH


class NewtonCholesky(ScikitLearn):
    name = "sklearn-newton-cholesky"
    solver = "newton-cholesky"
    penalties = softmax_penalties = ovr_penalties = SMOOTH
    max_coefficients = 12_000


class Liblinear(ScikitLearn):
    name = "sklearn-liblinear"
    solver = "liblinear"
    penalties = ovr_penalties = frozenset({"l2", "l1"})
    intercept = "penalised"


class Saga(ScikitLearn):
    name = "sklearn-saga"
    solver = "saga"
    penalties = softmax_penalties = ovr_penalties = ALL


PEERS = (Lbfgs, NewtonCG, NewtonCholesky, Liblinear, Saga)
