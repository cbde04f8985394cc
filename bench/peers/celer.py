"""celer: working sets with dual extrapolation, and its prox-Newton variant; L1 without intercept."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from bench.peers.base import Peer


class Celer(Peer):
    """`celer_path` at one lambda, on a CSC or Fortran-ordered copy made beforehand."""

    prox_newton: bool
    penalties = frozenset({"l1"})
    intercept = "none"

    def prepare(self, X, y, objective, n_threads):
        from celer import celer_path

        self._path = celer_path
        self._X = sp.csc_matrix(X) if sp.issparse(X) else np.asfortranarray(X)
        self._y = y
        self._alphas = np.array([objective.penalty.l1 * len(y)])

    def fit(self, tol):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _, coefs, _ = self._path(
                self._X, self._y, "logreg", alphas=self._alphas, tol=tol, use_PN=self.prox_newton, max_iter=10_000
            )
        return coefs[:, 0], 0.0


class ProxNewton(Celer):
    name = "celer-pn"
    prox_newton = True


class CoordinateDescent(Celer):
    name = "celer"
    prox_newton = False


PEERS = (ProxNewton, CoordinateDescent)
