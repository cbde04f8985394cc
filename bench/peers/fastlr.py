"""fastlr: the library of this checkout."""

from __future__ import annotations

import numpy as np

from bench.peers.base import ALL, Peer


class Fastlr(Peer):
    """The functional entries with their own choice of solver; `tol` bounds the gap relative to the null objective."""

    name = "fastlr"
    penalties = ALL
    softmax_penalties = ALL | {"group"}
    ovr_penalties = ALL
    tightest = 1e-20  # relative to the null objective, which can be 1e8 times the optimum

    def prepare(self, X, y, objective, n_threads):
        from fastlr import fit_logistic, fit_one_vs_rest, fit_softmax

        self._fit = {"binary": fit_logistic, "multinomial": fit_softmax, "ovr": fit_one_vs_rest}[objective.formulation]
        self._arguments = (X, y) if objective.is_binary else (X, y, objective.n_classes)
        self._options = {
            "l2": objective.penalty.l2,
            "l1": objective.penalty.l1,
            "fit_intercept": objective.fit_intercept,
            "n_threads": n_threads,
            "max_iter": 100_000,
        }
        if objective.formulation == "multinomial":
            self._options["group_penalty"] = objective.penalty.group

    def fit(self, tol):
        result = self._fit(*self._arguments, tol=tol, **self._options)
        if isinstance(result, tuple):  # one against the rest: one result a class
            return np.array([each.coef for each in result]), np.array([each.intercept for each in result])
        return result.coef, result.intercept


PEERS = (Fastlr,)
