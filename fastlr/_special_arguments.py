"""Arguments of fastlr.special: checks, conversions a piece at a time, and running a kernel over blocks of rows."""

import math

import numpy as np

from fastlr._environment import resolve_threads
from fastlr.kernels import special_elementwise, special_softmax as _softmax
from fastlr.validation.numbers import BUFFER, first_wrong, real_array, threads
from fastlr.validation.sample_weights import positive, refuse_weights, weight_array

PIECE = 16  # blocks converted at a time: about 0.5 to 1 MB per array
MIN_PARALLEL = 2**14  # entries; the kernels keep to one thread below, so the CPUs need not be counted
SAFE = 2.0**-900  # a sum of weighted losses above this has lost nothing to underflow
SUM_TOLERANCE = 1e-5  # of a row of soft labels; float32 shares of 1,000 classes stay ten times below
SUM_TOLERANCE_HALF = 4e-3  # the same for float16, whose spacing below 1 is 5e-4


def check_shape(name, array, shape):
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, as eta has, found {array.shape}")
    return array


def check_rows(eta):
    if len(eta) == 0:
        raise ValueError(f"eta: expected at least one row, found shape {eta.shape}")


def as_matrix(eta):
    eta = real_array("eta", eta)
    if eta.ndim != 2 or eta.shape[1] == 0:
        raise ValueError(f"eta: expected shape (n, K) with K >= 1, found {eta.shape}")
    return eta


def flat_weights(sample_weight, shape):
    return None if sample_weight is None else weight_array(sample_weight, shape).reshape(-1)


def two_class_arguments(y, eta, sample_weight):
    """y, eta, weight as arrays of one dimension; their values are checked by the pass that reads them."""
    y, eta = real_array("y", y), real_array("eta", eta)
    if eta.ndim > 1:
        raise ValueError(f"eta: expected shape (n,) or a scalar, found {eta.shape}")
    check_shape("y", y, eta.shape)
    weight = flat_weights(sample_weight, eta.shape)
    y, eta = y.reshape(-1), eta.reshape(-1)
    check_rows(eta)
    return y, eta, weight


def many_class_arguments(y, eta, sample_weight):
    """(labels or None, shares or None, eta, weight); labels are checked here, because the kernels index by them."""
    y, eta = real_array("y", y), as_matrix(eta)
    n, K = eta.shape
    weight = flat_weights(sample_weight, (n,))
    if y.ndim == 2:
        check_rows(check_shape("y", y, eta.shape))
        return None, y, eta, weight
    if y.shape != (n,):
        raise ValueError(f"y: expected shape ({n},) or {eta.shape}, to fit eta, found {y.shape}")
    if y.dtype.kind == "f":
        raise TypeError(f"y: expected integers in one dimension, or shares of shape {eta.shape}, found {y.dtype}")
    check_rows(eta)
    for wrong in (int(y.min()), int(y.max())):
        if not 0 <= wrong < K:
            raise ValueError(f"y: expected labels in 0..{K - 1}, as eta has {K} columns, found {wrong}")
    return y, None, eta, weight


def thread_count(n_threads, entries):
    n_threads = threads("n_threads", n_threads)
    return 1 if entries < MIN_PARALLEL else resolve_threads(n_threads)


def result_dtype(eta):
    return np.float32 if eta.dtype.kind == "f" and eta.dtype.itemsize <= 4 else np.float64


def sum_tolerance(shares):
    half = shares is not None and shares.dtype.kind == "f" and shares.dtype.itemsize == 2
    return SUM_TOLERANCE_HALF if half else SUM_TOLERANCE


# Values found by a pass


def check_weights(weight, found):
    if weight is None:
        return
    if found[special_elementwise.BAD_WEIGHTS]:
        refuse_weights(weight)
    if found[special_elementwise.MASS] == 0:
        positive(weight)


def check_labels(y, found):
    if found[special_elementwise.NEGATIVE] and found[special_elementwise.OTHER]:
        where = first_wrong(y, lambda a: ~(abs(a) == 1))
        raise ValueError(f"y: expected only -1 and +1, because it holds negative values, found {where}")
    if found[special_elementwise.ABOVE]:
        where = first_wrong(y, lambda a: ~(a <= 1))
        raise ValueError(f"y: expected values in [0, 1], or only -1 and +1, found {where}")


def check_shares(shares, found):
    if found[_softmax.BAD_SHARES]:
        where = first_wrong(shares, lambda a: ~((a >= 0) & (a <= 1)))
        raise ValueError(f"y: expected shares in [0, 1], found {where}")
    if found[_softmax.BAD_SUMS]:
        tolerance = sum_tolerance(shares)
        where = first_wrong(shares, lambda a: ~(abs(a.sum(axis=1, dtype=np.float64) - 1) <= tolerance))
        raise ValueError(f"y: expected shares that add up to 1 in each row, within {tolerance}, found {where}")


# Passes


def is_ready(array, dtype):
    return array.dtype == np.dtype(dtype) and array.flags.c_contiguous and array.flags.aligned


def convert_piece(array, rows, dtype):
    return None if array is None else np.require(array[rows], dtype, ["C", "A"])


def run_blocks(kernel, columns, out, numbers, block, threads, first=np.float64):
    """Runs kernel(*columns, out, *numbers, found, threads) over all rows and returns the totals of `found`.

    Rows go in one piece if every array is what the kernels take (float64, the first column of dtype `first`), else in
    pieces of a few blocks that are converted on the way; `out` of None is left out.  Pieces run on one thread: each
    would open a parallel region of its own, and where other work keeps the cores busy a hundred of these wait for
    descheduled threads longer than the whole pass takes (measured: 150 ns a row against 4).
    """
    dtypes = (first, *(np.float64 for _ in columns[1:]))
    n = next(len(column) for column in columns if column is not None)
    direct = out is None or is_ready(out, np.float64)
    whole = direct and all(a is None or is_ready(a, dtype) for a, dtype in zip(columns, dtypes, strict=True))
    step = n if whole else PIECE * block
    found = np.zeros((-(-n // block), special_elementwise.COLUMNS))
    for begin in range(0, n, max(1, step)):
        rows = slice(begin, min(n, begin + step))
        blocks = slice(begin // block, -(-rows.stop // block))
        with np.errstate(all="ignore"):
            pieces = [convert_piece(a, rows, dtype) for a, dtype in zip(columns, dtypes, strict=True)]
            targets = [] if out is None else [out[rows] if direct else np.empty(out[rows].shape)]
            kernel(*pieces, *targets, *numbers, found[blocks], threads if step >= n else 1)
            if not direct:
                out[rows] = targets[0]
    return special_elementwise.totals(found)


def power_of_two(exponent):
    """2 to that power, at most 2^1023."""
    return math.ldexp(1.0, min(exponent, 1023))


def scale_of_weights(weight):
    """The power of two that brings the largest weight to between 1 and 2: an exact change of unit."""
    return 1.0 if weight is None else power_of_two(1 - math.frexp(float(weight.max()))[1])


def weighted_mean(sums, n, weight):
    """(sum of weighted losses) / (sum of weights); sums(weight_scale, scale) returns both.

    The first attempt takes the weights as they are.  Should the sums overflow, or the losses come so low that a
    product may have been subnormal, they are taken again in units in which they do not.
    """
    loss, mass = sums(1.0, 1.0)
    if math.isnan(loss) or (SAFE <= loss < math.inf and mass < math.inf):
        return float(loss / mass)
    weight_scale = scale_of_weights(weight)
    loss, mass = sums(weight_scale, 1.0)
    if loss < math.inf:
        return float(loss / mass)
    down = n.bit_length() + 3
    loss, mass = sums(weight_scale, power_of_two(-down))
    mean = float(loss / mass)
    return mean * 2.0**down


def normalisation(weight, n, threads):
    """(scale, sum of scale * weight) with a scale at which the sum neither overflows nor is subnormal."""
    if weight is None:
        return 1.0, float(n)
    scale = 1.0
    found = run_blocks(special_elementwise.weigh, (weight,), None, (scale,), special_elementwise.BLOCK, threads)
    check_weights(weight, found)
    if not SAFE <= found[special_elementwise.MASS] < math.inf:
        scale = scale_of_weights(weight)
        found = run_blocks(special_elementwise.weigh, (weight,), None, (scale,), special_elementwise.BLOCK, threads)
    return scale, float(found[special_elementwise.MASS])


def run_elementwise(kernel, eta, n_threads):
    """Runs kernel over the entries of eta in memory order; nditer hands it contiguous, converted stretches."""
    eta = real_array("eta", eta)
    threads = thread_count(n_threads, eta.size)
    dtype = result_dtype(eta)
    flags = ["external_loop", "buffered", "growinner", "zerosize_ok"]
    uses = [["readonly", "contig", "aligned", "nbo"], ["writeonly", "allocate", "contig", "aligned", "nbo"]]
    with (
        np.errstate(all="ignore"),
        np.nditer(
            [eta, None], flags, uses, op_dtypes=[dtype, dtype], order="K", casting="same_kind", buffersize=BUFFER
        ) as pieces,
    ):
        for source, target in pieces:
            kernel(source, target, threads if source.size == eta.size else 1)
        out = pieces.operands[1]
        return out[()] if out.ndim == 0 else out
