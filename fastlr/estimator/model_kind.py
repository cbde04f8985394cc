"""What was fitted to more than two classes, asked of a fitted estimator."""


def kind_of(model):
    """The `multi_class` that a model was fitted with, whatever its parameter says since then.

    That of the parameter where coefficients were set by hand or by scikit-learn, "multinomial" where there is none.
    """
    state = vars(model)
    return state.get("multi_class_", state.get("multi_class", "multinomial"))
