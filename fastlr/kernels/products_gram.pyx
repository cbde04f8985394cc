"""X' diag(h) X for every layout: Hessians, softmax blocks, sandwich covariances.

h (n,) float64 may have any sign; out (p, p) float64 is overwritten, both triangles.  Threads share the entries of out,
never the rows of X, so bits do not depend on their number.
"""

from cython.parallel cimport prange

from fastlr.kernels.tiles cimport GROUP, TILE_COLUMNS, TILE_ROWS, pack_group, panel_products
from fastlr.kernels.types cimport floating, integer


cpdef void mirror(double[:, ::1] out) noexcept nogil:
    """The lower triangle of a square matrix into the upper one, by squares that stay in the cache."""
    cdef Py_ssize_t p = out.shape[0], a = 0, b, i, j
    while a < p:
        b = 0
        while b <= a:
            for i in range(a, min(p, a + 32)):
                for j in range(b, min(i, b + 32)):
                    out[j, i] = out[i, j]
            b = b + 32
        a = a + 32


# --- dense ----------------------------------------------------------------------------------------------------------

def panel_shape(Py_ssize_t p):
    """(columns in panels of rows, columns in panels of columns): p rounded up to whole panels of either kind."""
    return (p + TILE_ROWS - 1) // TILE_ROWS * TILE_ROWS, (p + TILE_COLUMNS - 1) // TILE_COLUMNS * TILE_COLUMNS


def dense(const floating[:, :] X, const double[::1] h, double[:, ::1] plain, double[:, ::1] scaled,
          double[:, ::1] out, int n_threads):
    """out = X' diag(h) X in its first p rows and columns, for dense X of any strides.

    With (a, b) = panel_shape(p): scratch plain (a, rows) and scaled (b, rows), zeroed, rows a multiple of 8; out (b, b)
    zeroed.
    """
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], rows = plain.shape[1]
    cdef Py_ssize_t down = X.strides[0] // sizeof(floating), across = X.strides[1] // sizeof(floating)
    cdef Py_ssize_t n_panels = plain.shape[0] // TILE_ROWS, begin = 0, g, k, ld = out.shape[1]
    with nogil:
        while begin < n:
            for g in prange(rows // GROUP, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
                pack_group(&X[begin, 0], down, across, &h[begin], min(rows, n - begin), p, g * GROUP, rows,
                           &plain[0, 0], &scaled[0, 0])
            for k in prange(scaled.shape[0] // TILE_COLUMNS, num_threads=n_threads, use_threads_if=n_threads > 1,
                            schedule="dynamic"):
                panel_products(&plain[0, 0], &scaled[0, 0], rows, rows, n_panels, k, &out[0, 0], ld)
            begin = begin + rows
        mirror(out)


# --- compressed -----------------------------------------------------------------------------------------------------

cdef void row_products(const integer* indices, const floating* data, Py_ssize_t begin, Py_ssize_t first,
                       Py_ssize_t last, double h, double[:, ::1] out) noexcept nogil:
    """Products of the entries first..last of a sorted row with all entries before and at them."""
    cdef Py_ssize_t a, b
    cdef double scale
    for a in range(first, last):
        scale = h * data[a]
        for b in range(begin, a + 1):
            out[indices[a], indices[b]] += scale * data[b]


cdef void csr_range(const integer* indptr, const integer* indices, const floating* data, const integer* splits,
                    Py_ssize_t n_splits, Py_ssize_t t, Py_ssize_t n, const double* h,
                    double[:, ::1] out) noexcept nogil:
    cdef Py_ssize_t i, first, last
    for i in range(n):
        first = indptr[i] if t == 0 else splits[i * n_splits + t - 1]
        last = indptr[i + 1] if t == n_splits else splits[i * n_splits + t]
        row_products(indices, data, indptr[i], first, last, h[i], out)


def csr(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data,
        const integer[:, ::1] splits, const double[::1] h, double[:, ::1] out):
    """out = X' diag(h) X for CSR with sorted indices and no duplicates; one thread per range of `splits`."""
    cdef Py_ssize_t n_splits = splits.shape[1], t
    out[:, :] = 0.0
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            csr_range(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, h.shape[0], &h[0], out)
        mirror(out)


cdef void csc_column(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t j,
                     const double* h, double* column, double[:, ::1] out) noexcept nogil:
    """Row j of the lower triangle; `column` (n,) is zero before and after."""
    cdef Py_ssize_t i, k
    cdef double s
    for k in range(indptr[j], indptr[j + 1]):
        column[indices[k]] += h[indices[k]] * data[k]
    for i in range(j + 1):
        s = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            s = s + data[k] * column[indices[k]]
        out[j, i] = s
    for k in range(indptr[j], indptr[j + 1]):
        column[indices[k]] = 0.0


cdef void csc_columns(const integer* indptr, const integer* indices, const floating* data, Py_ssize_t t,
                      Py_ssize_t n_threads, const double* h, double* column, double[:, ::1] out) noexcept nogil:
    cdef Py_ssize_t j = t
    while j < out.shape[0]:
        csc_column(indptr, indices, data, j, h, column, out)
        j = j + n_threads


def csc(const integer[::1] indptr, const integer[::1] indices, const floating[::1] data, const double[::1] h,
        double[:, ::1] columns, double[:, ::1] out):
    """out = X' diag(h) X for CSC; columns (n_threads, n), zeroed, is scratch and says how many threads."""
    cdef Py_ssize_t n_threads = columns.shape[0], t
    with nogil:
        for t in prange(n_threads, num_threads=<int>n_threads, use_threads_if=n_threads > 1, schedule="static"):
            csc_columns(&indptr[0], &indices[0], &data[0], t, n_threads, &h[0], &columns[t, 0], out)
        mirror(out)
