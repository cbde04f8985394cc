"""Checks of the indices of a compressed sparse X, counts of its entries, and copies of a few minor slices.

Major and minor axis, `indptr`, `indices`, `data` and `splits` are those of products_sparse.pyx.  Indices are compared
and values are copied, nothing is computed with them, so this module is compiled for one CPU level only.  Nothing is
allocated here and nothing but `irregularities` checks anything: fastlr.matrix does both.
"""

from cython.parallel cimport prange
from libc.math cimport INFINITY, fabs
from libc.stdint cimport int64_t

from fastlr.kernels.types cimport floating, integer

cdef enum:
    UNSORTED = 1
    DUPLICATES = 2
    OUT_OF_RANGE = 4


cdef int slice_structure(const integer* indices, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t n_minor) noexcept nogil:
    cdef Py_ssize_t k
    cdef int rising = 1, found = 0
    if begin == end:
        return 0
    for k in range(begin, end - 1):
        rising &= indices[k] < indices[k + 1]
    if rising:  # strictly increasing: the ends decide
        return OUT_OF_RANGE if indices[begin] < 0 or indices[end - 1] >= n_minor else 0
    for k in range(begin, end):
        if indices[k] < 0 or indices[k] >= n_minor:
            found |= OUT_OF_RANGE
        if k > begin and indices[k] < indices[k - 1]:
            found |= UNSORTED
        if k > begin and indices[k] == indices[k - 1]:
            found |= DUPLICATES
    return found


def irregularities(const integer[::1] indptr, const integer[::1] indices, Py_ssize_t n_minor, int n_threads):
    """Bits: 1 some slice is not sorted, 2 a sorted slice repeats an index, 4 an index outside 0..n_minor - 1.

    indptr must be monotone from 0 to at most len(indices): the caller has seen to it."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i
    cdef int found = 0
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
            found |= slice_structure(&indices[0], indptr[i], indptr[i + 1], n_minor)
    return found


cdef int range_repeats(const integer* indptr, const integer* indices, Py_ssize_t begin, Py_ssize_t end,
                       integer* last_seen) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(begin, end):
        for k in range(indptr[i], indptr[i + 1]):
            if last_seen[indices[k]] == i:
                return 1
            last_seen[indices[k]] = <integer>i
    return 0


def repeats(const integer[::1] indptr, const integer[::1] indices, integer[:, ::1] last_seen):
    """Whether some major slice, sorted or not, holds an index twice; last_seen (n_threads, n_minor), filled with -1."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_threads = last_seen.shape[0], t
    cdef int found = 0
    with nogil:
        for t in prange(n_threads, num_threads=<int>n_threads, use_threads_if=n_threads > 1, schedule="static"):
            found |= range_repeats(&indptr[0], &indices[0], t * n // n_threads, (t + 1) * n // n_threads,
                                   &last_seen[t, 0])
    return bool(found)


def split(const integer[::1] indptr, const integer[::1] indices, const integer[::1] bounds, integer[:, ::1] splits,
          int n_threads):
    """splits[i, t] = position in major slice i of the first index >= bounds[t]; indices must be sorted."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
            split_slice(&indices[0], indptr[i], indptr[i + 1], &bounds[0], &splits[i, 0], bounds.shape[0])


cdef void split_slice(const integer* indices, integer begin, integer end, const integer* bounds, integer* out,
                      Py_ssize_t n_bounds) noexcept nogil:
    cdef Py_ssize_t t
    cdef integer low = begin, high, middle
    for t in range(n_bounds):
        high = end
        while low < high:
            middle = low + (high - low) // 2
            if indices[middle] < bounds[t]:
                low = middle + 1
            else:
                high = middle
        out[t] = low


def all_equal(const floating[::1] data):
    """Whether all values are the same number."""
    cdef Py_ssize_t begin = 0, k
    cdef int differ = 0
    with nogil:
        while begin < data.shape[0] and not differ:
            for k in range(begin, min(data.shape[0], begin + 1024)):  # in pieces, so that the compiler makes vectors
                differ |= data[k] != data[0]
            begin = begin + 1024
    return not differ


def count_minor(const integer[::1] indices, integer[::1] counts):
    """counts[j] += number of entries with minor index j."""
    cdef Py_ssize_t k
    with nogil:
        for k in range(indices.shape[0]):
            counts[indices[k]] += 1


# --- a few minor slices ----------------------------------------------------------------------------------------------

cdef integer count_kept(const integer* indices, Py_ssize_t begin, Py_ssize_t end, const int* position) noexcept nogil:
    cdef Py_ssize_t k
    cdef integer count = 0
    for k in range(begin, end):
        count += position[indices[k]] >= 0
    return count


def count_selected(const integer[::1] indptr, const integer[::1] indices, const int[::1] position,
                   integer[::1] counts, int n_threads):
    """counts[i] = entries of major slice i whose minor index has a position >= 0."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
            counts[i] = count_kept(&indices[0], indptr[i], indptr[i + 1], &position[0])


cdef void keep(const integer* indices, const floating* data, Py_ssize_t k, const int* position, Py_ssize_t at,
               Py_ssize_t end, integer* new_indices, floating* new_data) noexcept nogil:
    """Kept entries from k on, to at, ..., end - 1.  What is not kept is overwritten: no branch to be mispredicted."""
    cdef int new
    while at < end:
        new = position[indices[k]]
        new_indices[at] = new
        new_data[at] = data[k]
        at = at + (new >= 0)
        k = k + 1


def select(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const int[::1] position,
           const integer[::1] new_indptr, integer[::1] new_indices, floating[::1] new_data, int n_threads):
    """Copies the entries of a few minor slices along the major axis; position[j] is the new number of j, or -1."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, i
    with nogil:
        for i in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
            keep(&indices[0], &data[0], indptr[i], &position[0], new_indptr[i], new_indptr[i + 1], &new_indices[0],
                 &new_data[0])


def gather_columns(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
                   const integer[:, ::1] splits, const int[::1] position, integer[::1] next_entry,
                   integer[::1] new_indices, floating[::1] new_data):
    """Copies a few minor slices of X into compressed form along the minor axis (columns of CSR into CSC).

    position[j] is the new number of minor index j, or -1; next_entry[k] says where slice k begins in new_indices and
    new_data and is moved to its end.  One thread per range of `splits`."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            gather_range(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, n, &position[0],
                         &next_entry[0], &new_indices[0], &new_data[0])


cdef void gather_range(const integer* indptr, const integer* indices, const floating* data, const integer* splits,
                       Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n, const int* position, integer* next_entry,
                       integer* new_indices, floating* new_data) noexcept nogil:
    cdef Py_ssize_t k, first, last
    cdef integer i, at
    cdef int new
    for i in range(<integer>n):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        for k in range(first, last):
            new = position[indices[k]]
            if new >= 0:
                at = next_entry[new]
                next_entry[new] = at + 1
                new_indices[at] = i
                new_data[at] = data[k]


# --- columns far from zero ------------------------------------------------------------------------------------------

cdef enum:
    MOST_ROWS = 16


cdef inline double centre_of(double* values, Py_ssize_t m, double far, double constant) noexcept nogil:
    """The middle of the shortest range that holds three quarters of m values of a column, if it is far from zero beside
    that range, else 0.  So a few rows that are elsewhere (missing values written as zeros) do not hide the others."""
    cdef Py_ssize_t i, k, most = m - m // 4, begin = 0
    cdef double v
    for i in range(1, m):
        v = values[i]
        k = i
        while k > 0 and values[k - 1] > v:
            values[k] = values[k - 1]
            k = k - 1
        values[k] = v
    for i in range(1, m - most + 1):
        if values[i + most - 1] - values[i] < values[begin + most - 1] - values[begin]:
            begin = i
    v = values[begin + most // 2]
    if not fabs(v) < INFINITY:
        return 0.0
    if values[begin] == values[begin + most - 1]:
        return v if fabs(v) > constant else 0.0
    return v if fabs(v) > far * (values[begin + most - 1] - values[begin]) else 0.0


def dense_centres(const floating[:, :] X, const int64_t[::1] rows, double far, double constant, double[::1] centre):
    """centre[j] = an entry of column j if most entries in these rows (16 at most) are farther from zero than `far`
    times their range, or equal and beyond `constant`; else 0.  Returns how many are not 0."""
    cdef double[MOST_ROWS] values
    cdef Py_ssize_t m = min(rows.shape[0], MOST_ROWS), j, i, found = 0
    with nogil:
        for j in range(X.shape[1]):
            for i in range(m):
                values[i] = X[rows[i], j]
            centre[j] = centre_of(values, m, far, constant)
            found += centre[j] != 0.0
    return found


cdef inline double entry_of(const integer* indices, const floating* data, Py_ssize_t begin, Py_ssize_t end,
                            integer j) noexcept nogil:
    """The entry of a slice at index j; 0 where there is none."""
    cdef Py_ssize_t k
    for k in range(begin, end):
        if indices[k] == j:
            return data[k]
    return 0.0


def csr_centres(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
                const int64_t[::1] rows, double far, double constant, double[::1] centre):
    """The same for the columns of CSR that have an entry in one of the first rows of these; the others are 0."""
    cdef double[MOST_ROWS] values
    cdef Py_ssize_t m = min(rows.shape[0], MOST_ROWS), k, i, first, found = 0
    with nogil:
        for first in range(m // 4 + 1):  # one of these rows is among the three quarters
            for k in range(indptr[rows[first]], indptr[rows[first] + 1]):
                if centre[indices[k]] != 0.0:
                    continue
                for i in range(m):
                    values[i] = entry_of(&indices[0], &data[0], indptr[rows[i]], indptr[rows[i] + 1], indices[k])
                centre[indices[k]] = centre_of(values, m, far, constant)
                found += centre[indices[k]] != 0.0
    return found
