"""Merged columns of a CSR matrix: one for each group of equal columns, one for the columns of one entry in a row.
Under L2 the coefficients of a group follow from that of the merged column; see presolve/merging.py.

`target` (p,) is the number of the merged column of each column, or ALONE for a column of one entry, or EMPTY; `leads`
(p,) is 1 for the first column of a group; `scale` (columns out,) multiplies its entries.  The columns of one entry of a
row become one entry, the norm of theirs, in a column of its own: number `singles` plus the row's place in `own`.
"""

from cython.parallel cimport prange
from libc.math cimport NAN, isfinite, sqrt
from libc.stdint cimport int32_t, uint8_t, uint64_t
from libc.string cimport memcpy

from fastlr.kernels.types cimport floating, integer

cdef enum:
    C_ALONE = -1
    C_EMPTY = -2
    ROWS = 64  # that a thread takes at a time

ALONE, EMPTY = C_ALONE, C_EMPTY


cdef inline uint64_t mixed(uint64_t x) noexcept nogil:
    """A number that all bits of x have a part in (the finaliser of splitmix64; Steele, Lea, Flood 2014)."""
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EB
    return x ^ (x >> 31)


def hashes(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, uint64_t[::1] out):
    """out[j] += a hash of row and value for each entry of column j: equal columns have equal sums."""
    cdef Py_ssize_t i, k
    cdef uint64_t of_row, bits
    cdef double value
    with nogil:
        for i in range(indptr.shape[0] - 1):
            of_row = mixed(<uint64_t>i + <uint64_t>0x9E3779B97F4A7C15)
            for k in range(indptr[i], indptr[i + 1]):
                value = data[k]
                memcpy(&bits, &value, sizeof(double))
                out[indices[k]] += mixed(bits ^ of_row)


cdef Py_ssize_t kept_entries(const integer* indices, const floating* data, Py_ssize_t n, const int32_t* target,
                             const uint8_t* leads, double* seen, uint8_t* has_alone) noexcept nogil:
    """Entries that a row of n keeps; -1 where an entry is not that of the column that stands for it, or not finite.

    `has_alone` becomes 1 where it has entries of columns of one entry.  `seen` is NaN in every merged column, before
    and afterwards."""
    cdef Py_ssize_t k, kept = 0
    cdef int32_t t
    cdef bint same = True
    has_alone[0] = 0
    for k in range(n):
        same = same and isfinite(data[k])
        t = target[indices[k]]
        if t == C_ALONE:
            has_alone[0] = 1
        elif leads[indices[k]]:
            seen[t] = data[k]
            kept = kept + 1
    for k in range(n):
        t = target[indices[k]]
        same = same and (t == C_ALONE or seen[t] == data[k])
    for k in range(n):
        t = target[indices[k]]
        if t != C_ALONE:
            seen[t] = NAN
    return kept + has_alone[0] if same else -1


def count(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const int32_t[::1] target,
          const uint8_t[::1] leads, double[:, ::1] seen, Py_ssize_t[::1] kept, uint8_t[::1] has_alone):
    """kept[i], has_alone[i]: see kept_entries; seen (n_threads, columns out)."""
    cdef Py_ssize_t n = kept.shape[0], parts = seen.shape[0], t
    seen[:, :] = NAN
    with nogil:
        for t in prange(parts, num_threads=<int>parts, use_threads_if=parts > 1, schedule="static"):
            count_rows(&indptr[0], &indices[0], &data[0], t * n // parts, (t + 1) * n // parts, &target[0], &leads[0],
                       &seen[t, 0], &kept[0], &has_alone[0])


cdef void count_rows(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t begin,
                     Py_ssize_t end, const int32_t* target, const uint8_t* leads, double* seen,
                     Py_ssize_t* kept, uint8_t* has_alone) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(begin, end):
        kept[i] = kept_entries(indices + indptr[i], data + indptr[i], indptr[i + 1] - indptr[i], target, leads, seen,
                               has_alone + i)


cdef double fill_row(const integer* indices, const floating* data, Py_ssize_t n, const int32_t* target,
                     const uint8_t* leads, const double* scale, int32_t own, int32_t* out_indices,
                     double* out) noexcept nogil:
    """The merged entries of a row; returns the norm of those of the columns of one entry."""
    cdef Py_ssize_t k, at = 0
    cdef int32_t t
    cdef double squares = 0.0
    for k in range(n):
        t = target[indices[k]]
        if t == C_ALONE:
            squares = squares + <double>data[k] * data[k]
        elif leads[indices[k]]:
            out_indices[at] = t
            out[at] = scale[t] * data[k]
            at = at + 1
    if own >= 0:
        out_indices[at] = own
        out[at] = sqrt(squares)
    return sqrt(squares)


def fill(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const int32_t[::1] target,
         const uint8_t[::1] leads, const double[::1] scale, const int32_t[::1] own, const integer[::1] out_indptr,
         int32_t[::1] out_indices, double[::1] out, double[::1] norms, int n_threads):
    """The merged matrix; own[i] is the column of row i's columns of one entry, -1 where it has none; their norms."""
    cdef Py_ssize_t n = own.shape[0], i
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static", chunksize=ROWS):
            norms[i] = fill_row(&indices[0] + indptr[i], &data[0] + indptr[i], indptr[i + 1] - indptr[i], &target[0],
                                &leads[0], &scale[0], own[i], &out_indices[0] + out_indptr[i], &out[0] + out_indptr[i])


def shares(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const int32_t[::1] own,
           const double[::1] norms, int32_t[::1] target, double[::1] share):
    """For columns of one entry: target, the column that stands for them, and share, entry over norm."""
    cdef Py_ssize_t i, k, j
    with nogil:
        for i in range(own.shape[0]):
            for k in range(indptr[i], indptr[i + 1]):
                j = indices[k]
                if target[j] == C_ALONE:
                    target[j] = own[i]
                    share[j] = data[k] / norms[i] if norms[i] > 0.0 else 0.0
