"""fastlr: the library of this checkout."""

from __future__ import annotations

from bench.peers.base import Peer


class Fastlr(Peer):
    """`fit_logistic` with its own choice of solver; `tol` bounds the gap relative to the null objective."""

    name = "fastlr"
    penalties = frozenset({"l2", "l1", "enet", "none"})
    tightest = 1e-20  # relative to the null objective, which can be 1e8 times the optimum

    def prepare(self, X, y, penalty, fit_intercept, n_threads):
        from fastlr import fit_logistic

        self._fit = fit_logistic
        self._arguments = (X, y)
        self._options = {
            "l2": penalty.l2,
            "l1": penalty.l1,
            "fit_intercept": fit_intercept,
            "n_threads": n_threads,
            "max_iter": 100_000,
        }

    def fit(self, tol):
        result = self._fit(*self._arguments, tol=tol, **self._options)
        return result.coef, float(result.intercept)


PEERS = (Fastlr,)
