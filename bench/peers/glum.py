"""glum: IRLS over tabmat matrices; a p x p Hessian, so only for moderate p."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from bench.peers.base import ALL, Peer


class Glum(Peer):
    """alpha = l1 + l2 on the scale of the mean loss; the tabmat matrix is made beforehand."""

    name = "glum"
    penalties = ALL
    max_coefficients = 12_000

    def prepare(self, X, y, objective, n_threads):
        import tabmat
        from glum import GeneralizedLinearRegressor

        self._estimator = GeneralizedLinearRegressor
        sparse = sp.issparse(X)
        self._X = tabmat.SparseMatrix(sp.csc_matrix(X)) if sparse else tabmat.DenseMatrix(np.asfortranarray(X))
        self._y = (y > 0).astype(float)
        self._options = {
            "family": "binomial",
            "alpha": objective.penalty.strength,
            "l1_ratio": objective.penalty.l1_ratio,
            "fit_intercept": objective.fit_intercept,
            "max_iter": 10_000,
            "copy_X": False,
        }

    def fit(self, tol):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = self._estimator(gradient_tol=tol, **self._options).fit(self._X, self._y)
        return model.coef_, float(model.intercept_)


PEERS = (Glum,)
