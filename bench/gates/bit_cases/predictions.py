"""Every prediction, in every layout."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from bench.data.generated import class_numbers
from bench.gates.bit_cases.answers import Answer, Case
from bench.gates.bit_cases.data import LAYOUTS, in_layout, labels


def predictions(layout: str, mode: str, n_threads: int) -> Answer:
    """Every prediction of a model whose coefficients are given, so that no fit takes part."""
    from fastlr import LogisticRegression

    X, _ = in_layout(layout)
    K = 2 if mode == "two classes" else 5
    r = np.random.default_rng(9)
    model = LogisticRegression(n_threads=n_threads, multi_class="multinomial" if K == 2 else mode)
    shape = (1, X.shape[1]) if K == 2 else (K, X.shape[1])
    model.coef_, model.intercept_ = r.normal(size=shape).astype(X.dtype), r.normal(size=shape[0]).astype(X.dtype)
    model.classes_, model.n_features_in_ = np.arange(K), X.shape[1]
    model.sparse_labels_ = False
    y = labels(X, K) if mode == "multilabel" else class_numbers(X, K)
    methods = ("decision_function", "predict_proba", "predict_log_proba", "predict")
    answer = {name: np.asarray(getattr(model, name)(X)) for name in methods}
    answer["log_loss"] = np.array([model.log_loss(X, y)])
    if K > 2:
        answer["top"], answer["top probabilities"] = model.predict_top_k(X, 3)
    return answer


def cases() -> Iterator[tuple[str, Case]]:
    """Predictions in every layout."""
    for mode in ("two classes", "multinomial", "ovr", "multilabel"):
        for layout in LAYOUTS:
            yield f"predictions, {mode}, {layout}", partial(predictions, layout, mode)
