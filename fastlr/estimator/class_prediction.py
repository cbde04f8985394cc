"""What a fitted estimator of many classes, or of many labels, says of new rows, each answer in one pass over X."""

import numpy as np
import scipy.sparse as sp

from fastlr.estimator import prediction_arguments as arguments
from fastlr.estimator.model_kind import kind_of
from fastlr.estimator.rejection import masked
from fastlr.estimator.targets import check_label_names
from fastlr.matrix import class_predictions as outputs
from fastlr.validation.numbers import normalised

#: multi_class -> how linear predictors become probabilities
LINKS = {"multinomial": outputs.SOFTMAX, "ovr": outputs.ONE_VS_REST, "multilabel": outputs.SIGMOID}


def _link_of(model):
    name = kind_of(model)
    if name not in LINKS:
        raise ValueError(f"multi_class={name!r}: expected one of {list(LINKS)}")
    return LINKS[name]


class ManyClasses:
    """Answers of a LinearPrediction that has a row of ``coef_`` for each class; its methods say what they are.

    The linear predictors of a row are turned into its answer while they are in the cache: nothing of shape
    (n_samples, n_classes) is made but an answer of that shape.

    Parameters
    ----------
    model : LinearPrediction
        Fitted, with ``coef_`` (K, p), ``intercept_`` (K,), ``classes_`` and, unless it is "multinomial",
        ``multi_class_``, or `multi_class` where coefficients were set by hand.
    """

    def __init__(self, model):
        self._model = model
        self._link = _link_of(model)

    def decision_function(self, X):
        on, dtype = self._model._classes_on(X)
        return self._finite(X, outputs.linear_predictors(*on, dtype))

    def predict_proba(self, X):
        on, dtype = self._model._classes_on(X)
        return self._finite(X, outputs.probabilities(*on, dtype, self._link))

    def predict_log_proba(self, X):
        on, dtype = self._model._classes_on(X)
        return self._finite(X, outputs.log_probabilities(*on, dtype, self._link))

    def predict(self, X):
        on, _ = self._model._classes_on(X)
        if self._link != outputs.SIGMOID:
            return self._model.classes_.take(self._finite(X, outputs.labels(*on)))
        if not getattr(self._model, "sparse_labels_", False):
            return self._finite(X, outputs.indicator(*on))
        indptr, indices = self._finite(X, outputs.positives(*on))
        shape = len(indptr) - 1, self._model.coef_.shape[0]
        return sp.csr_array((np.ones(len(indices), np.int64), indices, indptr), shape=shape)

    def predict_or_reject(self, X, threshold):
        """Labels, masked where the largest probability (of one-vs-rest before it is normalised) is below."""
        if self._link == outputs.SIGMOID:
            raise ValueError(
                f"reject={threshold!r}: expected None with multi_class='multilabel', where a row without a label is no "
                "row in doubt; compare predict_proba with thresholds"
            )
        on, _ = self._model._classes_on(X)
        link = outputs.SOFTMAX if self._link == outputs.SOFTMAX else outputs.SIGMOID
        index, probability = self._finite(X, outputs.top(*on, np.float64, link, 1))
        return masked(self._model.classes_, index[:, 0], probability[:, 0], threshold)

    def predict_top_k(self, X, k):
        on, dtype = self._model._classes_on(X)
        k = arguments.kept_classes(k, self._model.coef_.shape[0])
        index, probability = self._finite(X, outputs.top(*on, dtype, self._link, k))
        return index if self._link == outputs.SIGMOID else self._model.classes_.take(index), probability

    def log_loss(self, X, y, sample_weight):
        on, _ = self._model._classes_on(X)
        n = on[0].shape[0]
        if self._link == outputs.SIGMOID:
            check_label_names(y, vars(self._model).get("label_names_"))
            start, label = arguments.label_lists(y, (n, self._model.coef_.shape[0]))
        else:
            start, label = None, arguments.class_numbers(y, self._model.classes_, n)
        weight = normalised(sample_weight, n)
        return self._finite(X, outputs.mean_loss(*on, self._link, label, start, weight))

    def _finite(self, X, output):
        return self._model._finite(X, output)
