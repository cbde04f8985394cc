"""LIBLINEAR multicore: primal Newton (-s 0), dual coordinate descent (-s 7), newGLMNET for L1 (-s 6).

More than two classes are fitted one against the rest.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from bench.peers.base import Peer


class Liblinear(Peer):
    """Trains on a problem object made beforehand; -R keeps the intercept unpenalised where the solver knows it."""

    solver: int
    threaded = False

    def prepare(self, X, y, objective, n_threads):
        from liblinear import liblinear, liblinearutil

        self._train = liblinearutil.train
        self._parameter = liblinear.parameter
        self._problem = liblinear.problem(y.astype(float), sp.csr_matrix(X))
        self._columns = X.shape[1]
        self._objective = objective
        self._options = ["-s", self.solver, "-c", repr(objective.penalty.inverse_strength(len(y))), "-q"]
        self._options += ["-B", "1", "-R"] if objective.fit_intercept else []
        self._options += ["-m", n_threads] if self.threaded else []

    def fit(self, tol):
        options = [str(option) for option in (*self._options, "-e", repr(tol))]
        self._model = self._train(self._problem, self._parameter(options))
        width = self._columns + self._objective.fit_intercept
        if self._objective.is_binary:
            w = np.ctypeslib.as_array(self._model.w, (width,))
            return w[: self._columns], float(w[-1]) if self._objective.fit_intercept else 0.0
        order = np.argsort(self._model.get_labels())
        w = np.ctypeslib.as_array(self._model.w, (width, self._objective.n_classes)).T[order]
        return w[:, : self._columns], w[:, -1] if self._objective.fit_intercept else np.zeros(len(w))


class Newton(Liblinear):
    name = "liblinear-s0"
    solver = 0
    penalties = ovr_penalties = frozenset({"l2"})


class NewtonThreaded(Newton):
    name = "liblinear-s0-m"
    threaded = True


class Dual(Liblinear):
    name = "liblinear-s7"
    solver = 7
    penalties = ovr_penalties = frozenset({"l2"})
    intercept = "penalised"
    loosest = 1e1


class L1(Liblinear):
    name = "liblinear-s6"
    solver = 6
    penalties = frozenset({"l1"})


class L1Threaded(L1):
    name = "liblinear-s6-m"
    threaded = True


PEERS = (Newton, NewtonThreaded, Dual, L1, L1Threaded)
