"""Predictions of K classes from X, a block of rows at a time; see core/predict_classes.h.

    LINEAR            eta itself, (n, K)
    PROBABILITY       probabilities, (n, K)
    LOG_PROBABILITY   their logarithms, (n, K)
    TOP               numbers of the k most probable classes, `index` (n, k), and their probabilities, `out` (n, k)
    LABEL             class of the largest eta, (n,) int64
    INDICATOR         1 where eta > 0, else 0, (n, K) int64
    POSITIVE          number of eta > 0, `out` (n,) int64, and the first of their classes, `index`
    LOSS              sums of scale * weight * loss over blocks of rows, (at least ceil(n / rows),)

The first four are written as float64, or as float32 if `single`; LOSS as float64.  Probabilities follow from eta by
SOFTMAX, ONE_VS_REST (normalised) or SIGMOID (each label by itself).  A pass takes `out` as bytes, `index`, `label` and
`start` int64 or None, weight (n,) or None, and scratch (n_threads, 2, rows * width); it returns whether all linear
predictors are finite.  Blocks of rows are the same for any number of threads.
"""

from cython.parallel cimport prange, threadid
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memmove

from fastlr.kernels.many cimport add_row, product
from fastlr.kernels.predict cimport all_finite
from fastlr.kernels.products_sparse_slices cimport entry
from fastlr.kernels.tiles cimport TILE_COLUMNS
from fastlr.kernels.types cimport floating, integer, stored

cdef extern from "core/predict_classes.h" nogil:
    void fetch_row "fastlr_fetch_row"(Py_ssize_t K, const double* v) noexcept
    ctypedef struct Target "fastlr_class_target":
        int link
        void* out
        int64_t* index
        Py_ssize_t k
        const int64_t* label
        const int64_t* start
        const double* weight
        double scale
    ctypedef void (*output_function "fastlr_class_output")(
        Py_ssize_t block, Py_ssize_t begin, Py_ssize_t rows, Py_ssize_t K, const double* eta, double* scratch,
        const Target* to) noexcept
    output_function find_output "fastlr_find_class_output"(int kind, int single) noexcept
    enum:
        FASTLR_LINES
        FASTLR_SHARES
        FASTLR_LOG_SHARES
        FASTLR_TOP
        FASTLR_CLASS
        FASTLR_INDICATOR
        FASTLR_POSITIVE
        FASTLR_LOSSES
        FASTLR_SOFTMAX
        FASTLR_ONE_VS_REST
        FASTLR_SIGMOID

ctypedef fused real:  # what coefficients are stored as, whatever X is
    float
    double

cdef enum:
    PIECE = 64  # columns that a thread transposes at a time
    LINE = 8    # classes side by side in a cache line
    AHEAD = 8   # entries between asking for the coefficients of a column and reading them
    MOST_FETCHED = 64  # coefficients of a column asked for; the processor sees longer rows coming by itself

LINEAR, PROBABILITY, LOG_PROBABILITY, TOP = FASTLR_LINES, FASTLR_SHARES, FASTLR_LOG_SHARES, FASTLR_TOP
LABEL, INDICATOR, POSITIVE, LOSS = FASTLR_CLASS, FASTLR_INDICATOR, FASTLR_POSITIVE, FASTLR_LOSSES
SOFTMAX, ONE_VS_REST, SIGMOID = FASTLR_SOFTMAX, FASTLR_ONE_VS_REST, FASTLR_SIGMOID

#: Numbers that the classes of dense X are padded to a multiple of.
PADDING = TILE_COLUMNS


cdef Target target_of(int link, unsigned char[::1] out, int64_t[::1] index, Py_ssize_t k, const int64_t[::1] label,
                      const int64_t[::1] start, const double[::1] weight, double scale) noexcept:
    cdef Target target
    target.link = link
    target.out = <void*>&out[0]
    target.index = &index[0] if index is not None else NULL
    target.k = k
    target.label = &label[0] if label is not None else NULL
    target.start = &start[0] if start is not None else NULL
    target.weight = &weight[0] if weight is not None else NULL
    target.scale = scale
    return target


cdef void turn(const real* coef, Py_ssize_t class_stride, Py_ssize_t column_stride, Py_ssize_t classes,
               Py_ssize_t columns, Py_ssize_t width, double* out) noexcept nogil:
    """out (columns, width) = coef' (columns, classes), then zeros."""
    cdef Py_ssize_t j, k, first = 0, last
    while first < width:
        last = min(first + LINE, width)
        for j in range(columns):
            for k in range(first, min(last, classes)):
                out[j * width + k] = coef[k * class_stride + j * column_stride]
            for k in range(max(first, classes), last):
                out[j * width + k] = 0.0
        first = last


def by_column(const real[:, :] coef, double[:, :, ::1] panels, int n_threads):
    """panels[c, j, k] = coef[c * width + k, j], zero past the last class; panels (n_panels, p, width)."""
    cdef Py_ssize_t K = coef.shape[0], p = coef.shape[1], width = panels.shape[2], t, c, j
    cdef Py_ssize_t class_stride = coef.strides[0] // <Py_ssize_t>sizeof(real)
    cdef Py_ssize_t column_stride = coef.strides[1] // <Py_ssize_t>sizeof(real)
    cdef Py_ssize_t pieces = (p + PIECE - 1) // PIECE
    with nogil:
        for t in prange(pieces * panels.shape[0], num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="static"):
            c = t // pieces
            j = t % pieces * PIECE
            turn(&coef[0, 0] + c * width * class_stride + j * column_stride, class_stride, column_stride,
                 min(width, K - c * width), min(PIECE, p - j), width, &panels[c, j, 0])


cdef inline void begin_rows(Py_ssize_t rows, Py_ssize_t width, const double* intercept, double* eta) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        memcpy(eta + i * width, intercept, width * sizeof(double))


cdef inline void close_gaps(Py_ssize_t rows, Py_ssize_t width, Py_ssize_t K, double* eta) noexcept nogil:
    """Rows of K numbers one after the other, in place, from rows padded to `width`."""
    cdef Py_ssize_t i
    if width != K:
        for i in range(1, rows):
            memmove(eta + i * K, eta + i * width, K * sizeof(double))


def dense(const floating[:, :] X, const double[:, :, ::1] panels, const double[::1] intercept, Py_ssize_t K,
          int kind, int link, bint single, unsigned char[::1] out, int64_t[::1] index, Py_ssize_t k,
          const int64_t[::1] label, const int64_t[::1] start, const double[::1] weight, double scale,
          double[:, :, ::1] scratch, Py_ssize_t rows, int n_threads):
    """Outputs of X V + intercept; V in panels of by_column, intercept padded with zeros like they are."""
    cdef Target target = target_of(link, out, index, k, label, start, weight, scale)
    cdef output_function write = find_output(kind, single)
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], width = intercept.shape[0], b, c, m
    cdef Py_ssize_t row_stride = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t column_stride = X.strides[1] // <Py_ssize_t>sizeof(floating)
    cdef double* eta
    cdef int bad = 0
    with nogil:
        for b in prange((n + rows - 1) // rows, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic"):
            m = min(rows, n - b * rows)
            eta = &scratch[threadid(), 0, 0]
            begin_rows(m, width, &intercept[0], eta)
            for c in range(panels.shape[0]):
                product(&X[0, 0] + b * rows * row_stride, p, column_stride, m, row_stride, &panels[c, 0, 0],
                        TILE_COLUMNS, eta + c * TILE_COLUMNS, width)
            close_gaps(m, width, K, eta)
            write(b, b * rows, m, K, eta, &scratch[threadid(), 1, 0], &target)
            bad |= not all_finite(m * K, eta)
    return not bad


def few_rows(const floating[:, :] X, const real[:, :] coef, const double[::1] intercept, int kind, int link,
             bint single, unsigned char[::1] out, int64_t[::1] index, Py_ssize_t k, const int64_t[::1] label,
             const int64_t[::1] start, const double[::1] weight, double scale, double[:, :, ::1] scratch,
             double[:, :, ::1] panels, int n_threads):
    """The same of one block of rows, with the same bits: threads share the panels, which are made one at a time.

    Coefficients are read once and not copied as a whole.  panels (n_threads, p, TILE_COLUMNS) is scratch.
    """
    cdef Target target = target_of(link, out, index, k, label, start, weight, scale)
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], K = coef.shape[0], width = intercept.shape[0], c
    cdef Py_ssize_t row_stride = X.strides[0] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t column_stride = X.strides[1] // <Py_ssize_t>sizeof(floating)
    cdef Py_ssize_t class_stride = coef.strides[0] // <Py_ssize_t>sizeof(real)
    cdef Py_ssize_t coef_stride = coef.strides[1] // <Py_ssize_t>sizeof(real)
    cdef double* eta = &scratch[0, 0, 0]
    cdef double* panel
    with nogil:
        begin_rows(n, width, &intercept[0], eta)
        for c in prange(width // TILE_COLUMNS, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic"):
            panel = &panels[threadid(), 0, 0]
            turn(&coef[0, 0] + c * TILE_COLUMNS * class_stride, class_stride, coef_stride,
                 min(<Py_ssize_t>TILE_COLUMNS, K - c * TILE_COLUMNS), p, TILE_COLUMNS, panel)
            product(&X[0, 0], p, column_stride, n, row_stride, panel, TILE_COLUMNS, eta + c * TILE_COLUMNS, width)
        close_gaps(n, width, K, eta)
        find_output(kind, single)(0, 0, n, K, eta, &scratch[0, 1, 0], &target)
    return bool(all_finite(n * K, eta))


cdef void csr_block(const integer* indptr, const integer* indices, const stored* data, Py_ssize_t rows,
                    const double* V, Py_ssize_t K, double* eta) noexcept nogil:
    """eta += X V for a block of rows; V (p, K)."""
    cdef Py_ssize_t i, t, end = indptr[rows]
    for i in range(rows):
        for t in range(indptr[i], indptr[i + 1]):
            if t + AHEAD < end:
                fetch_row(min(K, MOST_FETCHED), V + indices[t + AHEAD] * K)
            add_row(K, entry(data, t), V + indices[t] * K, eta + i * K)


def csr(const integer[::1] indptr, const integer[::1] indices, const stored[::1] data, const double[:, ::1] V,
        const double[::1] intercept, int kind, int link, bint single, unsigned char[::1] out, int64_t[::1] index,
        Py_ssize_t k, const int64_t[::1] label, const int64_t[::1] start, const double[::1] weight, double scale,
        double[:, :, ::1] scratch, Py_ssize_t rows, int n_threads):
    """Outputs of X V + intercept, X in CSR."""
    cdef Target target = target_of(link, out, index, k, label, start, weight, scale)
    cdef output_function write = find_output(kind, single)
    cdef Py_ssize_t n = indptr.shape[0] - 1, K = V.shape[1], b, m
    cdef double* eta
    cdef int bad = 0
    with nogil:
        for b in prange((n + rows - 1) // rows, num_threads=n_threads, use_threads_if=n_threads > 1,
                        schedule="dynamic"):
            m = min(rows, n - b * rows)
            eta = &scratch[threadid(), 0, 0]
            begin_rows(m, K, &intercept[0], eta)
            csr_block(&indptr[b * rows], &indices[0], &data[0], m, &V[0, 0], K, eta)
            write(b, b * rows, m, K, eta, &scratch[threadid(), 1, 0], &target)
            bad |= not all_finite(m * K, eta)
    return not bad
