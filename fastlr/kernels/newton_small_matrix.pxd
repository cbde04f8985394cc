"""X of a small problem as a plain C struct, and what exact Newton asks of it; inline, without Python.

Functions with a Matrix find the storage type; those with typed pointers do the work.
"""

from libc.float cimport DBL_EPSILON as EPS
from libc.stdint cimport int32_t, int64_t

from fastlr.kernels.products_dense_blocks cimport Layout, block_axpy, block_axpy_pair, block_dot
from fastlr.kernels.products_sparse_slices cimport slice_dot
from fastlr.kernels.simd cimport dot_tile
from fastlr.kernels.types cimport floating, integer

cdef enum:
    TILE = 4
    PACKED_ROWS = 504  # sums over rows should outweigh their reduction; columns 4096 bytes apart would evict each other

cdef enum Storage:
    DENSE_F64
    DENSE_F32
    CSR_F64_I32
    CSR_F64_I64
    CSR_F32_I32
    CSR_F32_I64

ctypedef struct Matrix:
    Storage storage
    Py_ssize_t n
    Py_ssize_t p
    const void* values
    Layout layout         # dense: strides
    const void* indptr    # compressed
    const void* indices


# --- dense ----------------------------------------------------------------------------------------------------------

cdef inline Py_ssize_t packed_rows(Py_ssize_t n) noexcept nogil:
    """Rows packed at a time, a multiple of the longest vector."""
    return (min(n, PACKED_ROWS) + 7) // 8 * 8


cdef inline Py_ssize_t packing_length(Py_ssize_t n, Py_ssize_t p) noexcept nogil:
    """Doubles of scratch that `dense_gram` needs: two packed blocks, and the sums of a triangle of tiles."""
    cdef Py_ssize_t tiles = (p + TILE - 1) // TILE
    return 2 * TILE * tiles * packed_rows(n) + TILE * TILE * (tiles * (tiles + 1) // 2)


cdef inline void pack_strip(const floating* x, Layout lay, Py_ssize_t width, Py_ssize_t rows, Py_ssize_t length,
                            const double* centre, double* plain) noexcept nogil:
    """The first `width` columns of a block of rows, minus their centres."""
    cdef Py_ssize_t r, k
    for r in range(rows):
        for k in range(width):
            plain[k * length + r] = x[r * lay.row_stride + k] - centre[k]


cdef inline void pack_block(const floating* x, Layout lay, Py_ssize_t rows, Py_ssize_t length, const double* centre,
                            const double* h, double* plain, double* scaled) noexcept nogil:
    """A block of rows column by column, minus the centres, as it is and times h.

    Zero from `rows` up to `length`, and past the last column.  C order is transposed in strips as wide as a cache line.
    """
    cdef Py_ssize_t j = 0, r, width = (lay.p + TILE - 1) // TILE * TILE
    if lay.column_stride == 1:
        while j + 8 <= lay.p:
            pack_strip(x + j, lay, 8, rows, length, centre + j, plain + j * length)
            j = j + 8
        while j + 4 <= lay.p:
            pack_strip(x + j, lay, 4, rows, length, centre + j, plain + j * length)
            j = j + 4
        while j < lay.p:
            pack_strip(x + j, lay, 1, rows, length, centre + j, plain + j * length)
            j = j + 1
    else:
        for j in range(lay.p):
            for r in range(rows):
                plain[j * length + r] = x[r + j * lay.column_stride] - centre[j]
    for j in range(lay.p):
        for r in range(rows):
            scaled[j * length + r] = h[r] * plain[j * length + r]
        for r in range(rows, length):
            plain[j * length + r] = 0.0
            scaled[j * length + r] = 0.0
    for j in range(lay.p * length, width * length):
        plain[j] = 0.0
        scaled[j] = 0.0


cdef inline void dense_gram(const floating* x, const Matrix* X, const double* h, const double* centre, double* packing,
                            double* out) noexcept nogil:
    """Upper triangle of (X - 1 centre')' diag(h) (X - 1 centre'): centred before products are taken, so that columns
    far from zero lose no digits."""
    cdef Py_ssize_t tiles = (X.p + TILE - 1) // TILE, most = packed_rows(X.n), begin = 0, rows, length, i, k
    cdef double* plain = packing
    cdef double* scaled = plain + TILE * tiles * most
    cdef double* sums = scaled + TILE * tiles * most
    for i in range(TILE * TILE * (tiles * (tiles + 1) // 2)):
        sums[i] = 0.0
    while begin < X.n:
        rows = min(most, X.n - begin)
        length = packed_rows(rows)
        pack_block(x + begin * X.layout.row_stride, X.layout, rows, length, centre, h + begin, plain, scaled)
        for i in range(tiles):
            for k in range(i + 1):
                dot_tile(length, plain + TILE * i * length, scaled + TILE * k * length,
                         sums + TILE * TILE * (i * (i + 1) // 2 + k))
        begin = begin + rows
    for i in range(X.p):
        for k in range(i + 1):
            out[k * X.p + i] = sums[TILE * TILE * ((i // TILE) * (i // TILE + 1) // 2 + k // TILE)
                                    + TILE * (i % TILE) + k % TILE]


cdef inline double dense_squares(const floating* x, Layout lay, Py_ssize_t rows, const double* weight,
                                 const double* l2, Py_ssize_t l2_step) noexcept nogil:
    cdef double total = 0.0, of_column, of_row
    cdef Py_ssize_t i, j
    if lay.column_stride == 1 and l2_step == 0:
        for i in range(rows):
            of_row = 0.0
            for j in range(lay.p):
                of_row += <double> x[i * lay.row_stride + j] * x[i * lay.row_stride + j]
            total += weight[i] * of_row / l2[0]
        return total
    for j in range(lay.p):
        of_column = 0.0
        for i in range(rows):
            of_column += weight[i] * (<double> x[i * lay.row_stride + j * lay.column_stride]
                                      * x[i * lay.row_stride + j * lay.column_stride])
        total += of_column / l2[j * l2_step]
    return total


# --- compressed -----------------------------------------------------------------------------------------------------

cdef inline void csr_Xd(const floating* data, const integer* indices, const integer* indptr, Py_ssize_t rows,
                           const double* v, double* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(rows):
        out[i] = slice_dot(indices, data, indptr[i], indptr[i + 1], v)


cdef inline void csr_add(const floating* data, const integer* indices, const integer* indptr, Py_ssize_t rows,
                         const double* u, double* g) noexcept nogil:
    cdef Py_ssize_t i, k
    for i in range(rows):
        for k in range(indptr[i], indptr[i + 1]):
            g[indices[k]] += u[i] * data[k]


cdef inline double csr_squares(const floating* data, const integer* indices, const integer* indptr, Py_ssize_t rows,
                               const double* weight, const double* l2, Py_ssize_t l2_step) noexcept nogil:
    cdef double total = 0.0, of_row
    cdef Py_ssize_t i, k
    for i in range(rows):
        of_row = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            of_row += <double> data[k] * data[k] / l2[indices[k] * l2_step]
        total += weight[i] * of_row
    return total


cdef inline void csr_gram(const floating* data, const integer* indices, const integer* indptr, Py_ssize_t n,
                          Py_ssize_t p, const double* h, double* out) noexcept nogil:
    """Upper triangle of X' diag(h) X; indices in any order, none twice in a row."""
    cdef Py_ssize_t i, a, b, low, high
    cdef double scale
    for a in range(p * p):
        out[a] = 0.0
    for i in range(n):
        for a in range(indptr[i], indptr[i + 1]):
            scale = h[i] * data[a]
            for b in range(indptr[i], a + 1):
                low = min(indices[a], indices[b])
                high = max(indices[a], indices[b])
                out[low * p + high] += scale * data[b]


# --- any storage ----------------------------------------------------------------------------------------------------

cdef inline void Xd(const Matrix* X, Py_ssize_t begin, Py_ssize_t rows, const double* v,
                       double* out) noexcept nogil:
    """out[i] = X[begin + i] . v for i < rows."""
    if X.storage == DENSE_F64:
        block_dot(<const double*> X.values + begin * X.layout.row_stride, X.layout, rows, v, out)
    elif X.storage == DENSE_F32:
        block_dot(<const float*> X.values + begin * X.layout.row_stride, X.layout, rows, v, out)
    elif X.storage == CSR_F64_I32:
        csr_Xd(<const double*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr + begin, rows, v, out)
    elif X.storage == CSR_F64_I64:
        csr_Xd(<const double*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr + begin, rows, v, out)
    elif X.storage == CSR_F32_I32:
        csr_Xd(<const float*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr + begin, rows, v, out)
    else:
        csr_Xd(<const float*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr + begin, rows, v, out)


cdef inline void add_rows(const Matrix* X, Py_ssize_t begin, Py_ssize_t rows, const double* u,
                          double* g) noexcept nogil:
    """g += sum_i u[i] X[begin + i] over i < rows."""
    if X.storage == DENSE_F64:
        block_axpy(<const double*> X.values + begin * X.layout.row_stride, X.layout, rows, u, g)
    elif X.storage == DENSE_F32:
        block_axpy(<const float*> X.values + begin * X.layout.row_stride, X.layout, rows, u, g)
    elif X.storage == CSR_F64_I32:
        csr_add(<const double*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr + begin, rows, u, g)
    elif X.storage == CSR_F64_I64:
        csr_add(<const double*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr + begin, rows, u, g)
    elif X.storage == CSR_F32_I32:
        csr_add(<const float*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr + begin, rows, u, g)
    else:
        csr_add(<const float*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr + begin, rows, u, g)


cdef inline double weighted_squares(const Matrix* X, Py_ssize_t begin, Py_ssize_t rows, const double* weight,
                                    const double* l2, Py_ssize_t l2_step) noexcept nogil:
    """sum of weight[i] X[begin + i, j]^2 / l2[j] over i < rows and all j."""
    if X.storage == DENSE_F64:
        return dense_squares(<const double*> X.values + begin * X.layout.row_stride, X.layout, rows, weight, l2,
                             l2_step)
    elif X.storage == DENSE_F32:
        return dense_squares(<const float*> X.values + begin * X.layout.row_stride, X.layout, rows, weight, l2,
                             l2_step)
    elif X.storage == CSR_F64_I32:
        return csr_squares(<const double*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr + begin,
                           rows, weight, l2, l2_step)
    elif X.storage == CSR_F64_I64:
        return csr_squares(<const double*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr + begin,
                           rows, weight, l2, l2_step)
    elif X.storage == CSR_F32_I32:
        return csr_squares(<const float*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr + begin,
                           rows, weight, l2, l2_step)
    return csr_squares(<const float*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr + begin,
                       rows, weight, l2, l2_step)


cdef inline void add_pair(const Matrix* X, Py_ssize_t begin, Py_ssize_t rows, const double* u, const double* d,
                          double* g) noexcept nogil:
    """g[:p] += sum_i u[i] X[begin + i] and g[p:] += sum_i d[i] X[begin + i]."""
    if X.storage == DENSE_F64:
        block_axpy_pair(<const double*> X.values + begin * X.layout.row_stride, X.layout, rows, u, d, g)
    elif X.storage == DENSE_F32:
        block_axpy_pair(<const float*> X.values + begin * X.layout.row_stride, X.layout, rows, u, d, g)
    else:
        add_rows(X, begin, rows, u, g)
        add_rows(X, begin, rows, d, g + X.p)


cdef inline void centred_gram(const Matrix* X, const double* h, const double* centre, double mass, double* packing,
                              double* out, double* noise) noexcept nogil:
    """Upper triangle of (X - 1 centre')' diag(h) (X - 1 centre'), where mass centre = X' h or centre = 0.

    noise[j] is what rounding may leave of a diagonal entry that is zero: of a column equal to its centre.
    """
    cdef Py_ssize_t i, j, p = X.p
    cdef double of_sums = 4.0 * EPS, of_centre = EPS * (16.0 + X.n)
    cdef bint is_dense = X.storage == DENSE_F64 or X.storage == DENSE_F32
    if X.storage == DENSE_F64:
        dense_gram(<const double*> X.values, X, h, centre, packing, out)
    elif X.storage == DENSE_F32:
        dense_gram(<const float*> X.values, X, h, centre, packing, out)
    elif X.storage == CSR_F64_I32:
        csr_gram(<const double*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr, X.n, p, h, out)
    elif X.storage == CSR_F64_I64:
        csr_gram(<const double*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr, X.n, p, h, out)
    elif X.storage == CSR_F32_I32:
        csr_gram(<const float*> X.values, <const int32_t*> X.indices, <const int32_t*> X.indptr, X.n, p, h, out)
    else:
        csr_gram(<const float*> X.values, <const int64_t*> X.indices, <const int64_t*> X.indptr, X.n, p, h, out)
    for i in range(p):
        noise[i] = p * of_sums * out[i * p + i]
        if is_dense:
            noise[i] += p * mass * (of_centre * centre[i]) ** 2
        else:
            for j in range(i, p):
                out[i * p + j] -= mass * centre[i] * centre[j]
