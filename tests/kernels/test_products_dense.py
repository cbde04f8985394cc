"""Products with a dense X, in every layout that is read in place, against NumPy."""

import numpy as np
import pytest
from support.comparisons import assert_same_bits
from support.kernel_cases import DenseCase, empty
from support.references import logistic_rows


def test_dense_forward_adds_the_product_and_the_shift(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            eta = case.eta.copy()
            kernels.products_dense.forward(case.X, case.v, 0.3, eta, *work)
            return eta

        magnitude = case.size @ np.abs(case.v) + np.abs(case.eta) + 0.3
        case.check(run, case.exact @ case.v + 0.3 + case.eta, magnitude)


def test_dense_adjoint(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            out = empty(case.p)
            kernels.products_dense.adjoint(case.X, case.u, empty(n_chunks, case.p), out, *work)
            return out

        case.check(run, case.exact.T @ case.u, case.size.T @ np.abs(case.u))


def test_dense_adjoint_pair(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            out = empty(2 * case.p)
            kernels.products_dense.adjoint_pair(case.X, case.u, case.d, empty(n_chunks, 2 * case.p), out, *work)
            return out

        both = np.stack([case.u, case.d])
        case.check(run, (both @ case.exact).ravel(), (np.abs(both) @ case.size).ravel())


def test_dense_squares(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            out = empty(case.p)
            kernels.products_dense.squares(case.X, case.d, empty(n_chunks, case.p), out, *work)
            return out

        expected = (case.exact**2).T @ case.d
        case.check(run, expected, expected)


def test_dense_hessian_product(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            Xd, out = empty(case.n), empty(case.p)
            kernels.products_dense.hessian_product(
                case.X, case.d, case.v, -0.2, Xd, empty(n_chunks, case.p), out, *work
            )
            return np.concatenate([Xd, out])

        Xd, size = case.exact @ case.v - 0.2, case.size @ np.abs(case.v) + 0.2
        expected = np.concatenate([Xd, case.exact.T @ (case.d * Xd)])
        case.check(run, expected, np.concatenate([size, case.size.T @ (case.d * size)]))


def test_dense_loss_gradient(kernels, dense_cases):
    for case in dense_cases:

        def run(n_chunks, work, case=case):
            eta, curvature, out = case.eta.copy(), empty(case.n), empty(case.p)
            scratches = empty(n_chunks), empty(n_chunks, case.p)
            loss = kernels.products_dense.loss_gradient(
                case.X, case.v, 0.1, case.y, case.weight, eta, curvature, *scratches, out, *work
            )
            return np.concatenate([[loss], eta, curvature, out])

        eta = case.exact @ case.v + 0.1 + case.eta
        loss, residual, curvature = logistic_rows(eta, case.y, case.weight)
        size = case.size @ np.abs(case.v) + np.abs(case.eta) + 1.0
        magnitude = np.concatenate([[case.weight @ size + 1e-3], size, size, case.size.T @ size])
        case.check(run, np.concatenate([[loss], eta, curvature, case.exact.T @ residual]), magnitude)


@pytest.mark.parametrize("layout", ["C", "F"])
def test_dense_sums_over_many_columns_give_the_same_bits_for_any_number_of_threads(kernels, dtype, layout):
    case = DenseCase(130, 5000, dtype, layout)

    def run(n_chunks, work):
        out, pair = empty(case.p), empty(2 * case.p)
        kernels.products_dense.adjoint(case.X, case.u, empty(n_chunks, case.p), out, *work)
        kernels.products_dense.adjoint_pair(case.X, case.u, case.d, empty(n_chunks, 2 * case.p), pair, *work)
        return np.concatenate([out, pair])

    both = np.stack([case.u, case.u, case.d])
    case.check(run, (both @ case.exact).ravel(), (np.abs(both) @ case.size).ravel())


@pytest.mark.parametrize("order", ["C", "F"])
def test_dense_bits_do_not_depend_on_where_the_array_lies(kernels, dtype, order):
    n, p = 70, 37
    case = DenseCase(n, p, dtype, order)
    per_line = 64 // case.X.itemsize
    buffer = np.zeros(n * p + 2 * per_line, dtype=dtype)
    aligned = -(buffer.ctypes.data // buffer.itemsize) % per_line
    results = []
    for offset in range(per_line):
        X = buffer[aligned + offset : aligned + offset + n * p].reshape((n, p), order=order)
        X[:] = case.X
        eta, out = np.zeros(n), empty(p)
        kernels.products_dense.forward(X, case.v, 0.0, eta, n, 16, 1)
        kernels.products_dense.adjoint(X, case.u, empty(1, p), out, n, 16, 1)
        results.append(np.concatenate([eta, out]))
    assert_same_bits(results)
