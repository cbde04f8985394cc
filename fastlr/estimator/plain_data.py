"""What scikit-learn finds out about plain arrays, in microseconds.

Its own functions cost several times a small fit.  Here the ordinary case is recognised; whatever is unusual is left to
scikit-learn, so that its errors and conversions stay its own.
"""

import numpy as np
import scipy.sparse as sp

#: Labels of float type up to here are whole numbers exactly when they are equal to an int64.
_WHOLE = 2.0**53


def two_classes(X, y):
    """(classes in order, the second class as 1.0 and the first as 0.0), or None.

    None wherever scikit-learn's checks would do anything but let X and y pass as they are, or y has not two classes:
    X is neither a NumPy array nor CSR nor CSC, or not of float32 or float64, y is no NumPy vector of whole numbers or
    booleans, their lengths differ.
    """
    if not _are_plain(X, y):
        return None
    first = y[0]
    is_first = y == first
    other = y[np.argmin(is_first)]
    is_other = y == other
    if other == first or np.count_nonzero(is_first) + np.count_nonzero(is_other) != len(y):
        return None
    if y.dtype.kind == "f" and not (_is_whole(first) and _is_whole(other)):
        return None
    low, high, codes = (first, other, is_other) if first < other else (other, first, is_first)
    return np.array([low, high], dtype=y.dtype), codes.astype(np.float64)


def note_features(estimator, X):
    """Set what scikit-learn's validate_data sets in fit for an X without column names."""
    estimator.n_features_in_ = X.shape[1]
    if "feature_names_in_" in vars(estimator):
        del estimator.feature_names_in_


def _are_plain(X, y):
    return (
        (type(X) is np.ndarray or (sp.issparse(X) and X.format in ("csr", "csc")))
        and type(y) is np.ndarray
        and X.ndim == 2
        and y.ndim == 1
        and (X.dtype == np.float64 or X.dtype == np.float32)
        and y.dtype.kind in "biuf"
        and X.shape[0] == len(y) > 0
        and X.shape[1] > 0
    )


def _is_whole(label):
    return abs(label) <= _WHOLE and label == int(label)
