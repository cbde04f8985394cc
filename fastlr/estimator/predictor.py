"""What predictions of two and of K classes have in common: X as scikit-learn checks it, coefficients, threads."""

import numpy as np

from fastlr._environment import resolve_threads
from fastlr.estimator.sklearn_parameters import merge_n_jobs
from fastlr.estimator.sklearn_validation import validated_again
from fastlr.estimator.state import dense
from fastlr.matrix import CentredRows, Converted, as_matrix
from fastlr.matrix.base import ENTRIES_PER_THREAD

_FORMATS = ["csr", "csc"]


class Predictor:
    """Who answers one call of a prediction of a model; the classes that are made of it say what for.

    Parameters
    ----------
    model : LinearPrediction
        Fitted, with ``coef_`` (1, p) or (K, p), ``intercept_`` and ``classes_``.
    """

    __slots__ = ("model",)

    def __init__(self, model):
        self.model = model

    def checked(self, X):
        """X as scikit-learn checks it, coef_ as an array, and the type in which scikit-learn answers."""
        if not _is_plain(self.model, X):
            X = validated_again(self.model, X, accept_sparse=_FORMATS, ensure_all_finite=False)
        coef = dense(self.model.coef_)
        return X, coef, np.float32 if np.result_type(X.dtype, coef.dtype).itemsize <= 4 else np.float64

    def threads(self, products):
        """Threads for so many multiplications, at the most."""
        if products < 2 * ENTRIES_PER_THREAD:
            return 1
        return resolve_threads(merge_n_jobs(self.model.n_threads, self.model.n_jobs))

    def anchored(self, matrix, coef, intercept):
        """The matrix, and intercepts (K,): about the centre that the fit had, if coefficients (K, p) ask for one."""
        anchor = vars(self.model).get("_anchor")
        if anchor is None:
            return matrix, intercept
        stored = np.result_type(np.asarray(self.model.intercept_).dtype, np.float32)
        values = anchor.values_of(coef, intercept, np.finfo(stored).eps)
        return (matrix, intercept) if values is None else (CentredRows(matrix, anchor.centre), values)

    def finite(self, X, output):
        """The value of an output (value, whether all linear predictors are finite).

        Raises
        ------
        ValueError
            With the place, if linear predictors betray NaN or infinity in X.
        """
        value, finite = output
        if not finite:
            names = getattr(self.model, "feature_names_in_", None)
            as_matrix(Converted(self.checked(X)[0], names, 0)).name_nonfinite()
        return value


def entries(X):
    """Stored entries of X."""
    return X.nnz if hasattr(X, "nnz") else X.size


def _is_plain(model, X):
    """Whether scikit-learn's checks of X could find no fault but NaN and infinity."""
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in (np.float64, np.float32)
        and len(X) > 0
        and X.shape[1] == vars(model).get("n_features_in_")
        and "feature_names_in_" not in vars(model)
    )
