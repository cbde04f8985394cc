"""The coupling between the classes of a softmax, and a factor of its Hessian in the eigenvectors of that."""

import numpy as np

from fastlr.linalg.cholesky import CholeskyFactor, penalised

#: Share of the largest curvature below which an eigenvector of the coupling is that of no curvature.
FLAT = 1e-13
#: Share of all curvature in the intercepts below which a direction has none.
UNRESOLVED = 1e-14
#: Coefficients of all classes up to which their whole Hessian is factored, where it is made of all rows.
FEW_COEFFICIENTS = 300


def laplacian(products):
    """sum_i D_i from sum_i weight_i p_i p_i', (K, K).

    D_i has -weight_i p_ik p_il beside its diagonal and rows that add up to zero: with the diagonal made of the others,
    no digits are lost where all rows are nearly certain.
    """
    out = -products
    np.fill_diagonal(out, 0.0)
    np.fill_diagonal(out, -out.sum(axis=1))
    return out


def curvature_roots(weight, p):
    """B_i = sqrt(weight_i) diag(p_i)^(1/2) (1 - 1 p_i') for each row, (n, K, K): B_i' B_i = D_i."""
    K = p.shape[1]
    others = np.repeat(-p[:, None, :], K, axis=1)
    own = np.arange(K)
    others[:, own, own] = 0.0
    others[:, own, own] = -others.sum(axis=2)  # 1 - p_k, with the digits that it has where p_k is nearly one
    return np.sqrt(weight[:, None] * p)[:, :, None] * others


def pseudo_inverse(coupling):
    """That of sum_i D_i, (K, K).

    What all classes have in common has no curvature.  It is given some before the eigenvalues are taken, and loses it
    again afterwards: a threshold would not tell it from classes with little curvature.
    """
    K, scale = len(coupling), np.trace(coupling)
    if not scale > 0.0:
        return np.zeros_like(coupling)
    values, vectors = np.linalg.eigh(coupling + scale / K)
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=values > UNRESOLVED * values[-1])
    return (vectors * inverse) @ vectors.T - 1.0 / (scale * K)


def whole_hessian(matrix, p, weight, l2, coupling=None):
    """The Hessian of all classes, (P K, P K) for P columns, coefficients of a column side by side.

    Between classes k and l it is  X' diag(weight p_k (1[k = l] - p_l)) X.  With `coupling`, the pseudo-inverse of
    sum_i D_i, intercepts are eliminated.

    Parameters
    ----------
    matrix : fastlr.matrix.base.InMemoryMatrix
    p : ndarray of shape (n, K)
        Probabilities.
    weight : ndarray of shape (n,)
    l2 : ndarray of shape (P,)
    coupling : ndarray of shape (K, K), optional
    """
    P, K = len(l2), p.shape[1]
    hessian, beside = np.empty((P, K, P, K)), np.empty((P, K, K))
    for k in range(K):
        shares = weight[:, None] * p[:, k : k + 1] * -p
        shares[:, k] = 0.0
        shares[:, k] = -shares.sum(axis=1)  # 1 - p_k, with the digits that it has where p_k is nearly one
        for m in range(k + 1):
            hessian[:, k, :, m] = hessian[:, m, :, k] = matrix.gram(np.ascontiguousarray(shares[:, m]))
        beside[:, k] = matrix.adjoint_many(shares)
    hessian, beside = hessian.reshape(P * K, P * K), beside.reshape(P * K, K)
    return penalised(hessian, np.repeat(l2, K), None if coupling is None else beside @ coupling @ beside.T)


class ClassFactor:
    """Q (blocks) Q' with Q the eigenvectors of  C = sum_i D_i  and one block of (p, p) for each of them:

        X' diag_i(q_k' D_i q_k) X + diag(l2)

    Were all D_i multiples of one matrix this would be the Hessian; blocks by class (Q = 1) leave their coupling out.
    (NumPy, 6,000 x 120 x 10, products to a residual of 1e-3: diagonal 105, blocks by class 56, this one 26.)

    Parameters
    ----------
    matrix : fastlr.matrix.base.InMemoryMatrix
    p : ndarray of shape (n, K)
        Probabilities.
    weight : ndarray of shape (n,)
    l2 : ndarray of shape (p,)
    fit_intercept : bool
        Centre each block with its own weights.
    """

    def __init__(self, matrix, p, weight, l2, fit_intercept):
        self._shape = len(l2), p.shape[1]
        coupling = laplacian((p * weight[:, None]).T @ p)
        # what all classes have in common, which has no curvature, becomes the last eigenvector
        _, self._basis = np.linalg.eigh(coupling + np.trace(coupling))
        curvatures = weight[:, None] * variances(p, self._basis)
        curvatures[:, -1] = 0.0
        traces = curvatures.sum(axis=0)
        known = traces > FLAT * traces.max(initial=0.0)
        self._factors = [Ridge(l2)] * len(traces)
        curved = np.flatnonzero(known)
        alike = _are_alike(curvatures[:, curved])  # as at the start, where all classes are as likely
        for place, k in enumerate(curved):
            again = alike and place > 0
            factor = self._factors[curved[0]] if again else self._factor(matrix, curvatures[:, k], l2, fit_intercept)
            self._factors[k] = factor
        #: Gram matrices made.
        self.n_grams = min(1, len(curved)) if alike else len(curved)

    def _factor(self, matrix, curvature, l2, fit_intercept):
        curvature = np.ascontiguousarray(curvature)
        beside = None
        if fit_intercept:
            XtD1 = matrix.adjoint(curvature)
            beside = np.outer(XtD1, XtD1) / curvature.sum()
        return CholeskyFactor(penalised(np.array(matrix.gram(curvature)), l2, beside), matrix.n_threads)

    def solve(self, b):
        """The inverse times b (p K, 1)."""
        rotated = b.reshape(self._shape) @ self._basis
        solved = [factor.solve(rotated[:, k : k + 1]) for k, factor in enumerate(self._factors)]
        return (np.hstack(solved) @ self._basis.T).reshape(-1, 1)


def variances(p, values):
    """Variance of each column of values (K, m) under each row of p (n, K), (n, m); about the mean, so that it keeps its
    digits where a row is nearly certain."""
    out = np.empty((len(p), values.shape[1]))
    for j, column in enumerate(values.T):
        out[:, j] = np.einsum("ik,ik->i", p, (column - (p @ column)[:, None]) ** 2)
    return out


def _are_alike(columns):
    """Whether all columns are the first one, to rounding."""
    return bool(np.allclose(columns, columns[:, :1], rtol=1e-9, atol=0.0))


class Ridge:
    """The block of the direction common to all classes, along which the loss is flat; zero where l2 is zero too."""

    def __init__(self, l2):
        self._inverse = np.divide(1.0, l2, out=np.zeros_like(l2), where=l2 > 0.0)[:, None]

    def solve(self, b):
        return self._inverse * b
