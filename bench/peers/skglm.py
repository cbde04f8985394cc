"""skglm: prox-Newton and Anderson-accelerated coordinate descent with working sets; compiled during the warm-up."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from bench.peers.base import Peer


class Skglm(Peer):
    """A solver on a CSC or Fortran-ordered copy made beforehand; datafit and penalty on the scale of the mean loss."""

    penalties = frozenset({"l1", "enet"})
    loosest = 1e-2

    def solver(self, tol: float):
        """The solver object at one tolerance."""
        raise NotImplementedError

    def prepare(self, X, y, objective, n_threads):
        from skglm.datafits import Logistic
        from skglm.penalties import L1, L1_plus_L2

        penalty = objective.penalty
        self._X = sp.csc_matrix(X) if sp.issparse(X) else np.asfortranarray(X)
        self._y = y
        self._fit_intercept = objective.fit_intercept
        self._datafit = Logistic()
        elastic = penalty.kind == "enet"
        self._penalty = L1_plus_L2(penalty.strength, penalty.l1_ratio) if elastic else L1(penalty.l1)

    def fit(self, tol):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            w = self.solver(tol).solve(self._X, self._y, self._datafit, self._penalty)[0]
        return w[: self._X.shape[1]], float(w[-1]) if self._fit_intercept else 0.0


class ProxNewton(Skglm):
    name = "skglm-pn"
    first_working_set = 10

    def solver(self, tol):
        from skglm.solvers import ProxNewton

        p0 = self.first_working_set
        return ProxNewton(tol=tol, fit_intercept=self._fit_intercept, max_iter=10_000, p0=p0)


class ProxNewtonLarge(ProxNewton):
    """A larger first working set: faster where many coefficients are nonzero."""

    name = "skglm-pn-500"
    first_working_set = 500


class AndersonCD(Skglm):
    name = "skglm-cd"

    def solver(self, tol):
        from skglm.solvers import AndersonCD

        return AndersonCD(tol=tol, fit_intercept=self._fit_intercept, max_iter=10_000, max_epochs=1_000_000)


PEERS = (ProxNewton, ProxNewtonLarge, AndersonCD)
