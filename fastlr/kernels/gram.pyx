"""X' diag(h) X for every layout: Hessians, softmax blocks, sandwich covariances.

h (n,) float64 may have any sign; out (p, p) float64 is overwritten, both triangles.  Threads share the entries of out,
never the rows of X, so bits do not depend on their number.
"""

from cython.parallel cimport prange

from fastlr.kernels.types cimport floating, integer, tile

cdef enum:
    TILE = 4


# --- dense ----------------------------------------------------------------------------------------------------------

cdef void pack(const floating[:, :] X, const double[::1] h, Py_ssize_t begin, Py_ssize_t rows, Py_ssize_t j,
               double[:, ::1] plain, double[:, ::1] scaled) noexcept nogil:
    """Column j of a block of rows, as it is and times h; zero past the last row or column."""
    cdef Py_ssize_t r, n = min(rows, X.shape[0] - begin)
    if j >= X.shape[1]:
        n = 0
    for r in range(n):
        plain[j, r] = X[begin + r, j]
        scaled[j, r] = h[begin + r] * plain[j, r]
    for r in range(n, rows):
        plain[j, r] = 0.0
        scaled[j, r] = 0.0


cdef void tile_row(const double[:, ::1] plain, const double[:, ::1] scaled, Py_ssize_t i,
                   double[:, ::1] tiles, Py_ssize_t n_tiles) noexcept nogil:
    """The tiles (i, k), k <= i, of a block."""
    cdef Py_ssize_t k
    for k in range(i + 1):
        tile(plain.shape[1], &plain[TILE * i, 0], &scaled[TILE * k, 0], &tiles[i * n_tiles + k, 0])


def dense(const floating[:, :] X, const double[::1] h, double[:, ::1] plain, double[:, ::1] scaled,
          double[:, ::1] tiles, double[:, ::1] out, int n_threads):
    """out = X' diag(h) X for dense X of any strides.

    Scratch: plain and scaled (4 t, rows), tiles (t^2, 16) zeroed, with t = ceil(p / 4)."""
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], n_tiles = plain.shape[0] // TILE, rows = plain.shape[1]
    cdef Py_ssize_t begin = 0, i, j, c
    with nogil:
        while begin < n:
            for j in prange(plain.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="static"):
                pack(X, h, begin, rows, j, plain, scaled)
            for c in prange(n_tiles, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
                i = n_tiles - 1 - c  # long rows of tiles first
                tile_row(plain, scaled, i, tiles, n_tiles)
            begin = begin + rows
        for i in range(p):
            for j in range(i + 1):
                out[i, j] = tiles[(i // TILE) * n_tiles + j // TILE, TILE * (i % TILE) + j % TILE]
                out[j, i] = out[i, j]


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


cdef void mirror(double[:, ::1] out) noexcept nogil:
    cdef Py_ssize_t i, j
    for i in range(out.shape[0]):
        for j in range(i):
            out[j, i] = out[i, j]


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
