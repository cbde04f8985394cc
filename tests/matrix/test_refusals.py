"""What becomes no matrix: errors that name X."""

import numpy as np
import pytest
import scipy.sparse as sp
from support.kernel_cases import INDEX_TYPES, THREADS
from support.layouts import as_layout, scrambled
from support.matrix_answers import COMPRESSED, threads_for_any_size
from support.problems import random_matrix
from support.processes import run_python

from fastlr.matrix import as_matrix


@pytest.mark.parametrize(
    "X, error",
    [
        (np.ones((3, 2), dtype=complex), TypeError),
        (np.ones((3, 2), dtype=np.complex64), TypeError),
        (np.array([["a", "b"], ["c", "d"]]), TypeError),
        (np.array([["1.5", "2.5"]]), TypeError),
        (np.array([[1.0, "b"]], dtype=object), TypeError),
        (np.array([[1.0, {}]], dtype=object), TypeError),
        (np.array([[1.0, 2j]], dtype=object), TypeError),
        (np.array([["2020-01-01"]], dtype="datetime64[D]"), TypeError),
        (np.ones(3), ValueError),
        (np.ones((3, 2, 2)), ValueError),
        (np.float64(3.0), ValueError),
        (np.ones((0, 2)), ValueError),
        (np.ones((3, 0)), ValueError),
        ([[1.0, 2.0], [3.0]], ValueError),
        (None, (TypeError, ValueError)),
        ({"a": 1.0}, TypeError),
        (sp.csr_array((0, 3)), ValueError),
        (sp.csr_array((3, 0)), ValueError),
        (sp.csc_array((0, 3)), ValueError),
        (sp.csc_array((3, 0)), ValueError),
        (sp.coo_array(np.ones(3)), ValueError),
        (sp.csr_array(np.ones((3, 2), dtype=complex)), TypeError),
        (sp.csc_array(np.ones((3, 2), dtype=complex)), TypeError),
    ],
    ids=lambda value: f"{type(value).__name__}{getattr(value, 'shape', '')}{getattr(value, 'dtype', '')}",
)
def test_input_that_is_no_real_matrix_is_refused_with_the_name_of_x(X, error):
    with pytest.raises(error, match=r"\bX\b"):
        as_matrix(X)


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize("index", INDEX_TYPES)
@pytest.mark.parametrize("order", ["sorted", "unsorted"])
@pytest.mark.parametrize("bad", [-1, "minor", 2**31 - 1])
def test_indices_out_of_range_are_refused(layout, index, order, bad):
    X = as_layout(random_matrix(30, 20, 0.5), layout, index=index)
    if order == "unsorted":
        X = scrambled(X)
    X.indices[X.nnz // 2] = (20 if layout == "csr" else 30) if bad == "minor" else bad
    with threads_for_any_size():
        for n_threads in THREADS:
            with pytest.raises(ValueError, match=r"X\.indices"):
                as_matrix(X, n_threads)


@pytest.mark.parametrize("layout", COMPRESSED)
@pytest.mark.parametrize(
    "break_indptr",
    [
        lambda indptr: np.append([1], indptr[1:]),
        lambda indptr: np.append([-1], indptr[1:]),
        lambda indptr: np.concatenate([indptr[:3], [indptr[2] - 1], indptr[4:]]),
        lambda indptr: indptr[:-1],
        lambda indptr: np.append(indptr, indptr[-1]),
        lambda indptr: np.append(indptr[:-1], indptr[-1] + 1),
        lambda indptr: np.append(indptr[:-1], 10**9),
    ],
    ids=["starts at 1", "starts at -1", "decreases", "too short", "too long", "one too many", "far too many"],
)
@pytest.mark.parametrize("index", INDEX_TYPES)
def test_broken_indptr_is_refused(layout, break_indptr, index):
    X = as_layout(random_matrix(30, 20, 1.0), layout, index=index)
    X.indptr = break_indptr(X.indptr).astype(index)
    with pytest.raises(ValueError, match=r"X\.indptr"):
        as_matrix(X)


def test_an_indptr_whose_differences_overflow_is_refused():
    script = """
import numpy as np, scipy.sparse as sp
from fastlr.matrix import as_matrix
X = sp.csr_array(np.ones((4, 3)))
X.indptr = np.array([0, 2**31 - 1, -(2**31), -1, 12], dtype=np.int32)
try:
    as_matrix(X)
except ValueError as error:
    assert "X.indptr" in str(error)
else:
    raise SystemExit("accepted")
"""
    done = run_python(script)
    assert done.returncode == 0, done.stderr or done.returncode


@pytest.mark.parametrize("layout", COMPRESSED)
def test_fewer_values_than_indices_are_refused(layout):
    X = as_layout(random_matrix(30, 20, 1.0), layout)
    X.data = X.data[:-1]
    with pytest.raises(ValueError, match=r"\bX\b"):
        as_matrix(X)
