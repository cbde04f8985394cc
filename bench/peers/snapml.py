"""Snap ML: coordinate descent in the dual (L2) and in the primal (L2, L1), threaded."""

from __future__ import annotations

import numpy as np

from bench.peers.base import Peer


class SnapML(Peer):
    """Its regulariser is 1/C on the scale of the summed loss; its intercept is one more, penalised, column."""

    dual: bool
    intercept = "penalised"
    tightest = 1e-10

    def prepare(self, X, y, objective, n_threads):
        from snapml import LogisticRegression

        self._estimator = LogisticRegression
        self._data = (X, y)
        self._options = {
            "regularizer": len(y) * objective.penalty.strength,
            "penalty": objective.penalty.kind,
            "dual": self.dual,
            "n_jobs": n_threads,
            "max_iter": 100_000,
            "random_state": 0,
        }

    def fit(self, tol):
        model = self._estimator(tol=tol, **self._options).fit(*self._data)
        return np.ravel(model.coef_), 0.0


class Dual(SnapML):
    name = "snapml-dual"
    dual = True
    penalties = frozenset({"l2"})


class Primal(SnapML):
    name = "snapml-primal"
    dual = False
    penalties = frozenset({"l2", "l1"})


PEERS = (Dual, Primal)
