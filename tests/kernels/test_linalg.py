"""Cholesky factors, and vectors over columns, against NumPy."""

import numpy as np
import pytest
from support.comparisons import assert_same_bits
from support.kernel_cases import THREADS, check_columns

# --- Cholesky factors -----------------------------------------------------------------------------------------------


def cholesky_factor(kernels, A, n_threads=1, substitute=1.0):
    """(L, pivots replaced)."""
    p = len(A)
    down, across = kernels.products_gram.panel_shape(p)
    padded = np.zeros((across, across))
    padded[:p, :p] = A
    scratch = np.zeros((down, kernels.linalg_cholesky.PANEL)), np.zeros((across, kernels.linalg_cholesky.PANEL))
    replaced = kernels.linalg_cholesky.factor(padded, p, np.diag(A).copy(), substitute, *scratch, n_threads)
    return np.ascontiguousarray(np.tril(padded[:p, :p])), replaced


@pytest.mark.parametrize("p", [1, 2, 7, 47, 48, 49, 96, 97, 150, 300])
def test_cholesky_factor_and_its_systems(kernels, p):
    rng = np.random.default_rng(p)
    X = rng.standard_normal((2 * p + 1, p))
    A = X.T @ X + np.eye(p)
    L, replaced = cholesky_factor(kernels, A)
    assert replaced == 0
    np.testing.assert_allclose(L @ L.T, A, rtol=0, atol=1e-13 * np.abs(A).max())
    b = rng.standard_normal((2, p))
    x = b.copy()
    kernels.linalg_cholesky.solve(L, x)
    np.testing.assert_allclose(x @ L.T, b, rtol=0, atol=1e-11)
    kernels.linalg_cholesky.solve_transposed(L, x)
    np.testing.assert_allclose(x @ A, b, rtol=0, atol=1e-9)


def test_cholesky_has_the_same_bits_for_any_number_of_threads(kernels):
    X = np.random.default_rng(0).standard_normal((400, 211))
    A = X.T @ X
    assert_same_bits([cholesky_factor(kernels, A, n_threads)[0].ravel() for n_threads in THREADS])


@pytest.mark.parametrize("substitute", [1.0, 1e-13])
def test_cholesky_of_dependent_columns_adds_to_the_diagonal_alone(kernels, substitute):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((80, 60)) * np.geomspace(1e-6, 1e6, 60)
    X = np.concatenate([X, X[:, :1], X[:, 30:31] + X[:, 31:32], np.zeros((80, 1))], axis=1)
    A = X.T @ X
    L, replaced = cholesky_factor(kernels, A, substitute=substitute)
    assert replaced == 3
    size = np.sqrt(np.diag(A))
    size[-1] = 1.0
    added = (L @ L.T - A) / np.outer(size, size)
    np.testing.assert_allclose(added, np.diag([0.0] * 60 + [substitute] * 2 + [1.0]), rtol=0, atol=1e-12)


# --- vectors over columns -------------------------------------------------------------------------------------------

COLUMN_SHAPES = [(1, 1), (7, 3), (8192, 1), (8193, 3), (140_000, 1), (50_000, 3)]


class ColumnCase:
    def __init__(self, shape, seed=0):
        rng = np.random.default_rng(seed)
        self.a, self.b, self.c, self.scale = rng.standard_normal((4, *shape))
        self.scale = np.abs(self.scale)
        self.alpha = rng.standard_normal(shape[1])
        own = rng.random(shape)
        self.diagonals = {
            "scalar": np.broadcast_to(0.3, shape),
            "per row": np.broadcast_to(rng.random((shape[0], 1)), shape),
            "per column": np.broadcast_to(rng.random(shape[1]), shape),
            "own": own,
        }


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_dot_per_right_hand_side(kernels, shape):
    case = ColumnCase(shape)
    expected, size = (case.a * case.b).sum(axis=0), np.abs(case.a * case.b).sum(axis=0)
    check_columns(lambda n_threads: [kernels.linalg_vector.dot(case.a, case.b, n_threads)], [expected], [size])


@pytest.mark.parametrize("kind", ["scalar", "per row", "per column", "own"])
@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_weighted_dot_and_add_diagonal_for_every_kind_of_strength(kernels, shape, kind):
    case = ColumnCase(shape)
    diagonal = case.diagonals[kind]

    def run(n_threads):
        out = case.c.copy()
        weighted = kernels.linalg_vector.weighted_dot(diagonal, case.a, case.b, n_threads)
        product = kernels.linalg_vector.add_diagonal(diagonal, case.a, out, n_threads)
        return weighted, out, product

    terms, added = diagonal * case.a * case.b, case.c + diagonal * case.a
    size = np.abs(case.c) + np.abs(diagonal * case.a)
    check_columns(
        run,
        [terms.sum(axis=0), added, (case.a * added).sum(axis=0)],
        [np.abs(terms).sum(axis=0), size, (np.abs(case.a) * size).sum(axis=0)],
    )


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_add_scaled_per_right_hand_side(kernels, shape):
    case = ColumnCase(shape)

    def run(n_threads):
        out = case.b.copy()
        kernels.linalg_vector.add_scaled(case.alpha, case.a, out, n_threads)
        return [out]

    check_columns(run, [case.b + case.alpha * case.a], [np.abs(case.b) + np.abs(case.alpha * case.a)])


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_cg_step_moves_both_vectors_and_measures_the_residual(kernels, shape):
    case = ColumnCase(shape)

    def run(n_threads):
        x, rho = case.c.copy(), case.b.copy()
        rz, rr = kernels.linalg_vector.cg_step(case.alpha, case.a, case.b, case.scale, x, rho, n_threads)
        return x, rho, rz, rr

    x, rho = case.c + case.alpha * case.a, case.b + case.alpha * case.b
    size = np.abs(case.b) + np.abs(case.alpha * case.b)
    check_columns(
        run,
        [x, rho, (case.scale * rho**2).sum(axis=0), (rho**2).sum(axis=0)],
        [
            np.abs(case.c) + np.abs(case.alpha * case.a),
            size,
            (case.scale * size**2).sum(axis=0),
            (size**2).sum(axis=0),
        ],
    )


@pytest.mark.parametrize("shape", COLUMN_SHAPES)
def test_cg_direction_per_right_hand_side(kernels, shape):
    case = ColumnCase(shape)

    def run(n_threads):
        v = case.b.copy()
        kernels.linalg_vector.cg_direction(case.alpha, case.a, case.scale, v, n_threads)
        return [v]

    expected = case.alpha * case.b - case.scale * case.a
    check_columns(run, [expected], [np.abs(case.alpha * case.b) + np.abs(case.scale * case.a)])
