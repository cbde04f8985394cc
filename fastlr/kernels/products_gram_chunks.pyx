"""X' diag(h) X for few columns: every chunk of rows has sums of its own, which the caller adds up.

h (n,) float64 may have any sign.  The chunks do not depend on the number of threads, so neither do the bits.
"""

from cython.parallel cimport prange, threadid

from fastlr.kernels.products_sparse_slices cimport entry
from fastlr.kernels.tiles cimport GROUP, TILE_COLUMNS, TILE_ROWS, pack_group, panel_products
from fastlr.kernels.types cimport floating, integer, stored


cdef void dense_rows(const floating* X, Py_ssize_t down, Py_ssize_t across, Py_ssize_t n, Py_ssize_t p,
                     const double* h, double[:, ::1] plain, double[:, ::1] scaled, double[:, ::1] sums) noexcept nogil:
    """sums += X' diag(h) X in the lower triangle, for n rows."""
    cdef Py_ssize_t rows = plain.shape[1], begin = 0, used, g, k
    while begin < n:
        used = min(rows, (n - begin + GROUP - 1) // GROUP * GROUP)
        for g in range(used // GROUP):
            pack_group(X + begin * down, down, across, h + begin, min(rows, n - begin), p, g * GROUP, rows,
                       &plain[0, 0], &scaled[0, 0])
        for k in range(scaled.shape[0] // TILE_COLUMNS):
            panel_products(&plain[0, 0], &scaled[0, 0], used, rows, plain.shape[0] // TILE_ROWS, k, &sums[0, 0],
                           sums.shape[1])
        begin = begin + rows


def dense(const floating[:, :] X, const double[::1] h, double[:, :, ::1] plain, double[:, :, ::1] scaled,
          double[:, :, ::1] sums, Py_ssize_t chunk, int n_threads):
    """The lower triangle of sums[c, :p, :p] = X' diag(h) X over chunk c, for dense X of any strides.

    With (a, b) = gram.panel_shape(p): scratch plain (n_threads, a, rows) and scaled (n_threads, b, rows), zeroed, rows
    a multiple of 8; sums (n_chunks, b, b) zeroed.
    """
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], c
    cdef Py_ssize_t down = X.strides[0] // sizeof(floating), across = X.strides[1] // sizeof(floating)
    cdef int t
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            t = threadid()
            dense_rows(&X[c * chunk, 0], down, across, min(chunk, n - c * chunk), p, &h[c * chunk], plain[t],
                       scaled[t], sums[c])


cdef void csr_rows(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                   Py_ssize_t end, const double* h, double[:, ::1] sums) noexcept nogil:
    cdef Py_ssize_t i, a, b
    cdef double scale
    for i in range(begin, end):
        for a in range(indptr[i], indptr[i + 1]):
            scale = h[i] * entry(data, a)
            for b in range(indptr[i], a + 1):
                sums[indices[a], indices[b]] += scale * entry(data, b)


def csr(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[::1] h,
        double[:, :, ::1] sums, Py_ssize_t chunk, int n_threads):
    """sums[c] (p, p), zeroed: each product of two entries of a row of chunk c once, the later entry's column first.

    That is the lower triangle of X' diag(h) X where indices are sorted; elsewhere the transpose of what is above the
    diagonal belongs to it.
    """
    cdef Py_ssize_t n = indptr.shape[0] - 1, c
    with nogil:
        for c in prange(sums.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic"):
            csr_rows(&indptr[0], &indices[0], &data[0], c * chunk, min(n, c * chunk + chunk), &h[0], sums[c])
