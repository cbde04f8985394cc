"""Why a fitted attribute is not there, for the AttributeError of whoever asks for it."""

from fastlr.estimator.model_kind import kind_of

_PREDICTION = ("classes_", "multi_class_", "coef_", "intercept_", "n_iter_", "n_features_in_")


def why_absent(model, name, of_a_fit):
    """A sentence on why the estimator has no attribute `name`; `of_a_fit` are those that partial_fit does not set."""
    given = f"{type(model).__name__!r} object has no attribute {name!r}"
    reason = _reason(model, name, of_a_fit)
    return f"{given}: {reason}" if reason else given


def _reason(model, name, of_a_fit):
    state = vars(model)
    if name in ("label_names_", "sparse_labels_") and kind_of(model) != "multilabel":
        return "it is there with multi_class='multilabel' only"
    if name == "t_" and "coef_" in state:
        return "it counts what partial_fit has seen since fit, which has seen all rows at once"
    if name not in (*of_a_fit, *_PREDICTION, "t_", "feature_names_in_", "label_names_", "sparse_labels_"):
        return None
    if "coef_" not in state:
        return "this estimator is not fitted yet, call fit first"
    if name in of_a_fit and "_stream" in state:
        return "partial_fit takes steps without a certificate, only fit has a result"
    if name == "feature_names_in_":
        return "X of the fit had no names of columns, or not all of them were strings"
    if name == "label_names_":
        return "y of the fit had no names of columns, or not all of them were strings"
    return None
