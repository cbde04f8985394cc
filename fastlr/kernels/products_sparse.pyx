"""Products with a compressed sparse X along either axis; structure.pyx knows how its entries lie.

A compressed matrix has a major axis (rows of CSR, columns of CSC) and a minor axis.  `gather` forms dot products along
the major axis; `scatter` adds multiples of major slices into a vector over the minor axis.  CSR gathers linear
predictors and scatters gradients; CSC does the reverse with the same two functions.

Threads share a scatter by minor ranges: each adds up its own range, in major order, whatever the number of threads;
so bits do not depend on it.  `splits` (n_major, n_ranges - 1) says where in each major slice a range begins; it needs
sorted indices.

indptr (n_major + 1,), indices (nnz,) and splits share one integer type; data (nnz,) float32 or float64, or where all
values are equal (1,) int64 with the bits of that float64, so that passes read the pattern alone; vectors are float64.
Nothing is allocated here and nothing is checked: fastlr.matrix does both.
"""

from cython.parallel cimport prange
from libc.math cimport fabs

from fastlr.kernels.predict cimport Target, put, target_of
from fastlr.kernels.products_sparse_slices cimport (
    entry,
    gather_block,
    scatter_absolute_rows,
    scatter_all_rows,
    scatter_rows,
    scatter_squares_rows,
    slice_dot,
)
from fastlr.kernels.types cimport integer, stored

cdef enum:
    BLOCK = 64  # rows a thread takes at a time


# --- along one axis -------------------------------------------------------------------------------------------------

def gather(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[::1] v,
           double shift, double[::1] out, int n_threads):
    """out[i] += X[i] . v + shift, i on the major axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, b
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic", chunksize=4):
            gather_block(&indptr[0], &indices[0], &data[0], b * BLOCK, min(n, b * BLOCK + BLOCK), &v[0], shift,
                         &out[0])


def scatter(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
            const integer[:, ::1] splits, const double[::1] u, double[::1] out):
    """out[j] += sum_i u[i] X[i, j], j on the minor axis; one thread per range of `splits`."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            scatter_rows(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, 0, n, &u[0], &out[0])


def scatter_all(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                const integer[:, ::1] splits, const double[::1] u, double[::1] out):
    """As scatter, but NaN and infinity in X come through also where they meet a zero of u."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            scatter_all_rows(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, n, &u[0], &out[0])


cdef int predict_block(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                       Py_ssize_t end, const double* v, double shift, const Target* target) noexcept nogil:
    cdef double eta[BLOCK]
    cdef Py_ssize_t i
    for i in range(begin, end):
        eta[i - begin] = slice_dot(indices, data, indptr[i], indptr[i + 1], v) + shift
    return put(target, begin, end - begin, eta)


def predict(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[::1] v,
            double shift, int kind, bint single, unsigned char[::1] out, const unsigned char[::1] y,
            const double[::1] weight, double scale, int n_threads):
    """out = what `kind` makes of X v + shift, X by rows, see predict.pyx; whether that is finite."""
    cdef Target target = target_of(kind, single, out, y, weight, scale)
    cdef Py_ssize_t n = indptr.shape[0] - 1, b
    cdef int bad = 0
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic", chunksize=4):
            bad |= predict_block(&indptr[0], &indices[0], &data[0], b * BLOCK, min(n, b * BLOCK + BLOCK), &v[0], shift,
                                 &target)
    return not bad


def scatter_squares(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                    const integer[:, ::1] splits, const double[::1] d, double[::1] out):
    """out[j] += sum_i d[i] X[i, j]^2, j on the minor axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            scatter_squares_rows(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, 0, n, &d[0], &out[0])


def scatter_absolute(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                     const integer[:, ::1] splits, const double[::1] d, double[::1] out):
    """out[j] += sum_i d[i] |X[i, j]|, j on the minor axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, n_splits = splits.shape[1], t
    with nogil:
        for t in prange(n_splits + 1, num_threads=<int>n_splits + 1, use_threads_if=n_splits > 0, schedule="static"):
            scatter_absolute_rows(&indptr[0], &indices[0], &data[0], &splits[0, 0], n_splits, t, n, &d[0], &out[0])


cdef double absolute_sum(const integer* indices, const stored* data, Py_ssize_t begin, Py_ssize_t end,
                         const double* d) noexcept nogil:
    cdef Py_ssize_t k
    cdef double s = 0.0
    for k in range(begin, end):
        s = s + d[indices[k]] * fabs(entry(data, k))
    return s


def gather_absolute(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                    const double[::1] d, double[::1] out, int n_threads):
    """out[j] = sum_i d[i] |X[j, i]|, j on the major axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, j
    with nogil:
        for j in prange(n, num_threads=n_threads, use_threads_if=n_threads > 1, schedule="dynamic", chunksize=64):
            out[j] = absolute_sum(&indices[0], &data[0], indptr[j], indptr[j + 1], &d[0])


cdef void gather_squares_block(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t begin,
                               Py_ssize_t end, const double* d, double* out) noexcept nogil:
    cdef Py_ssize_t j, k
    cdef double x, s
    for j in range(begin, end):
        s = 0.0
        for k in range(indptr[j], indptr[j + 1]):
            x = entry(data, k)
            s = s + d[indices[k]] * (x * x)
        out[j] += s


def gather_squares(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data,
                   const double[::1] d, double[::1] out, int n_threads):
    """out[j] += sum_i d[i] X[j, i]^2, j on the major axis."""
    cdef Py_ssize_t n = indptr.shape[0] - 1, b
    with nogil:
        for b in prange((n + BLOCK - 1) // BLOCK, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic", chunksize=4):
            gather_squares_block(&indptr[0], &indices[0], &data[0], b * BLOCK, min(n, b * BLOCK + BLOCK), &d[0],
                                 &out[0])
