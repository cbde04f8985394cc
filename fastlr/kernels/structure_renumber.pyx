"""Columns renumbered by frequency, for access row by row: the weights of frequent columns then share cache lines.

Columns of one entry become one column: under L2 such entries matter to their own row alone, through the sum of their
inverse_j x_ij^2.  Frequencies are counted up to 255, which is as fine as caches can tell.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint8_t

from fastlr.kernels.types cimport floating, integer

import numpy as np

cdef enum:
    MOST = 255
    BLOCK = 64


cdef void count_range(const integer* indices, Py_ssize_t begin, Py_ssize_t end, uint8_t* counts) noexcept nogil:
    cdef Py_ssize_t k
    cdef uint8_t count
    for k in range(begin, end):
        count = counts[indices[k]]
        counts[indices[k]] = count + (count < MOST)


def count(const integer[::1] indices, uint8_t[:, ::1] counts):
    """counts[t, j]: entries of column j, at most 255, in the t-th part of the indices; counted by one thread a part."""
    cdef Py_ssize_t nnz = indices.shape[0], parts = counts.shape[0], t
    with nogil:
        for t in prange(parts, num_threads=<int>parts, use_threads_if=parts > 1, schedule="static"):
            count_range(&indices[0], t * nnz // parts, (t + 1) * nnz // parts, &counts[t, 0])


def rank(const uint8_t[:, ::1] counts, integer[::1] number):
    """Numbers for the columns of two entries and more, most frequent first; all others share the next; returns that."""
    cdef Py_ssize_t p = number.shape[0], j, t, next = 0, held
    cdef Py_ssize_t[::1] begins = np.zeros(MOST + 1, dtype=np.intp)
    cdef int c
    with nogil:
        for j in range(p):
            c = 0
            for t in range(counts.shape[0]):
                c = c + counts[t, j]
            number[j] = min(c, MOST)
            begins[number[j]] += 1
        for c in range(MOST, 1, -1):
            held = begins[c]
            begins[c] = next
            next = next + held
        for j in range(p):
            c = <int>number[j]
            if c < 2:
                number[j] = <integer>next
            else:
                number[j] = <integer>begins[c]
                begins[c] += 1
    return next


cdef void relabel_row(const integer* indices, const floating* data, Py_ssize_t begin, Py_ssize_t end,
                      const integer* number, integer last, const double* inverse, Py_ssize_t step, integer* renumbered,
                      double* norm, double* own) noexcept nogil:
    cdef Py_ssize_t k
    cdef integer new
    cdef double square, all = 0.0, lonely = 0.0
    for k in range(begin, end):
        new = number[indices[k]]
        renumbered[k] = new
        square = inverse[indices[k] * step] * (<double>data[k] * data[k])
        all += square
        lonely += square if new == last else 0.0
    norm[0] = all
    own[0] = lonely


def relabel(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
            const integer[::1] number, integer last, const double[:] inverse, integer[::1] renumbered,
            double[::1] norms, double[::1] own, int n_threads):
    """renumbered = number[indices];  norms[i] = sum_j inverse_j x_ij^2,  own[i] = its part in column `last`."""
    cdef Py_ssize_t n = norms.shape[0], i, step = inverse.strides[0] != 0
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic", chunksize=BLOCK):
            relabel_row(&indices[0], &data[0], indptr[i], indptr[i + 1], &number[0], last, &inverse[0], step,
                        &renumbered[0], &norms[i], &own[i])
