"""What a fitted model of many classes, or of many labels, says of new rows, each answer in one pass over X."""

import numpy as np
import scipy.sparse as sp

from fastlr.estimator import prediction_arguments as arguments
from fastlr.estimator.model_kind import kind_of
from fastlr.estimator.predictor import Predictor, entries
from fastlr.estimator.rejection import masked
from fastlr.estimator.targets import check_label_names
from fastlr.matrix import as_matrix, class_predictions as outputs
from fastlr.matrix.base import worthwhile_threads
from fastlr.validation.sample_weights import normalised

#: multi_class -> how linear predictors become probabilities
LINKS = {"multinomial": outputs.SOFTMAX, "ovr": outputs.ONE_VS_REST, "multilabel": outputs.SIGMOID}


class ManyClasses(Predictor):
    """Answers of a model with a row of ``coef_`` for each class; LinearPrediction's methods say what they are.

    The linear predictors of a row are turned into its answer while they are in the cache: nothing of shape
    (n_samples, n_classes) is made but an answer of that shape.

    Parameters
    ----------
    model : LinearPrediction
        Fitted, with ``coef_`` (K, p), ``intercept_`` (K,), ``classes_`` and, unless it is "multinomial",
        ``multi_class_``, or `multi_class` where coefficients were set by hand.
    """

    __slots__ = ("_link",)

    def __init__(self, model):
        super().__init__(model)
        self._link = _link_of(model)

    def decision_function(self, X):
        on, dtype = self._on(X)
        return self.finite(X, outputs.linear_predictors(*on, dtype))

    def predict_proba(self, X):
        on, dtype = self._on(X)
        return self.finite(X, outputs.probabilities(*on, dtype, self._link))

    def predict_log_proba(self, X):
        on, dtype = self._on(X)
        return self.finite(X, outputs.log_probabilities(*on, dtype, self._link))

    def predict(self, X):
        on, _ = self._on(X)
        if self._link != outputs.SIGMOID:
            return self.model.classes_.take(self.finite(X, outputs.labels(*on)))
        if not getattr(self.model, "sparse_labels_", False):
            return self.finite(X, outputs.indicator(*on))
        indptr, indices = self.finite(X, outputs.positives(*on))
        shape = len(indptr) - 1, self.model.coef_.shape[0]
        return sp.csr_array((np.ones(len(indices), np.int64), indices, indptr), shape=shape)

    def predict_or_reject(self, X, threshold):
        """Labels, masked where the largest probability (of one-vs-rest before it is normalised) is below."""
        if self._link == outputs.SIGMOID:
            raise ValueError(
                f"reject={threshold!r}: expected None with multi_class='multilabel', where a row without a label is no "
                "row in doubt; compare predict_proba with thresholds"
            )
        on, _ = self._on(X)
        link = outputs.SOFTMAX if self._link == outputs.SOFTMAX else outputs.SIGMOID
        index, probability = self.finite(X, outputs.top(*on, np.float64, link, 1))
        return masked(self.model.classes_, index[:, 0], probability[:, 0], threshold)

    def predict_top_k(self, X, k):
        on, dtype = self._on(X)
        k = arguments.kept_classes(k, self.model.coef_.shape[0])
        index, probability = self.finite(X, outputs.top(*on, dtype, self._link, k))
        return index if self._link == outputs.SIGMOID else self.model.classes_.take(index), probability

    def log_loss(self, X, y, sample_weight):
        on, _ = self._on(X)
        n = on[0].shape[0]
        if self._link == outputs.SIGMOID:
            check_label_names(y, vars(self.model).get("label_names_"))
            start, label = arguments.label_lists(y, (n, self.model.coef_.shape[0]))
        else:
            start, label = None, arguments.class_numbers(y, self.model.classes_, n)
        weight = normalised(sample_weight, n)
        return self.finite(X, outputs.mean_loss(*on, self._link, label, start, weight))

    def _on(self, X):
        """(the matrix over X, coefficients (K, p), intercepts (K,), threads), and the type of the answer."""
        X, coef, dtype = self.checked(X)
        K, intercept = len(coef), np.asarray(self.model.intercept_, dtype=np.float64)
        if intercept.shape == ():
            intercept = np.full(K, intercept)  # as whoever sets it by hand may write it
        if coef.shape != (K, X.shape[1]) or intercept.shape != (K,):
            found = f"coef_ has shape {coef.shape}, intercept_ {intercept.shape}"
            raise ValueError(f"X has {X.shape[1]} features, but {found}")
        if coef.dtype not in (np.float64, np.float32):
            coef = coef.astype(np.float64)
        products = K * entries(X)
        n_threads = worthwhile_threads(products, self.threads(products))
        matrix, intercept = self.anchored(as_matrix(X, n_threads), coef, intercept)
        return (matrix, coef, intercept, n_threads), dtype


def _link_of(model):
    name = kind_of(model)
    if name not in LINKS:
        raise ValueError(f"multi_class={name!r}: expected one of {list(LINKS)}")
    return LINKS[name]
