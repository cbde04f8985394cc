"""What an estimator has learnt: built on a copy of it, stored at once.

Whatever raises on the way, Ctrl-C included, leaves the estimator as it was.
"""

#: All attributes that `fit` and `partial_fit` set.
LEARNT = (
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "multi_class_",
    "coef_",
    "intercept_",
    "n_iter_",
    "sparse_labels_",
    "label_names_",
    "result_",
    "solver_",
    "duality_gap_",
    "converged_",
    "status_",
    "t_",
    "_stream",
    "_anchor",
)


def learning_copy(model):
    """A copy to learn on: the attributes are those of the model, what they hold is not copied and must not change."""
    copy = object.__new__(type(model))
    vars(copy).update(vars(model))
    return copy


def store(model, learner):
    """Let the model have what a copy of it has learnt, and nothing of what it had learnt before, in one assignment."""
    state, learnt = vars(model).copy(), vars(learner)
    for name in LEARNT:
        if name in learnt:
            state[name] = learnt[name]
        else:
            state.pop(name, None)
    model.__dict__ = state


def fitted_coefficients(model):
    """(coef (K, p), intercept (K,)) that a model has, the first as an array; None where it has none.

    An intercept that was set by hand may be a number.
    """
    if "coef_" not in vars(model):
        return None
    return dense(model.coef_), model.intercept_


def dense(coef):
    """Coefficients as an array, after `sparsify` too."""
    return coef.toarray() if hasattr(coef, "toarray") else coef
