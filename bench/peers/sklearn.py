"""scikit-learn's LogisticRegression with each of its solvers."""

from __future__ import annotations

import warnings

from bench.peers.base import Peer

SMOOTH = frozenset({"l2", "none"})


class ScikitLearn(Peer):
    """Common part: C, l1_ratio and an iteration limit out of the way; labels as they come."""

    solver: str

    def estimator(self):
        """The class to fit, imported here."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression

    def prepare(self, X, y, penalty, fit_intercept, n_threads):
        self._estimator = self.estimator()
        self._data = (X, y)
        self._options = {
            "C": penalty.inverse_strength(len(y)),
            "l1_ratio": penalty.l1_ratio,
            "fit_intercept": fit_intercept,
            "solver": self.solver,
            "max_iter": 1_000_000,
            "random_state": 0,
        }

    def fit(self, tol):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = self._estimator(tol=tol, **self._options).fit(*self._data)
        return model.coef_.ravel(), float(model.intercept_[0]) if self._options["fit_intercept"] else 0.0


class Lbfgs(ScikitLearn):
    name = "sklearn-lbfgs"
    solver = "lbfgs"
    penalties = SMOOTH


class NewtonCG(ScikitLearn):
    name = "sklearn-newton-cg"
    solver = "newton-cg"
    penalties = SMOOTH


class NewtonCholesky(ScikitLearn):
    name = "sklearn-newton-cholesky"
    solver = "newton-cholesky"
    penalties = SMOOTH
    max_columns = 12_000


class Liblinear(ScikitLearn):
    name = "sklearn-liblinear"
    solver = "liblinear"
    penalties = frozenset({"l2", "l1"})
    intercept = "penalised"


class Saga(ScikitLearn):
    name = "sklearn-saga"
    solver = "saga"
    penalties = frozenset({"l2", "l1", "enet", "none"})


PEERS = (Lbfgs, NewtonCG, NewtonCholesky, Liblinear, Saga)
