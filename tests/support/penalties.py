"""The penalties that every solver is tested with, by name, on the scale of the weighted mean loss."""

import numpy as np

P = 12
#: Penalties on the scale of the weighted mean loss; arrays mix strengths, each coefficient penalised.
PENALTIES = {
    "l2": {"l2": 1e-2},
    "l2-weak": {"l2": 1e-6},
    "l2-strong": {"l2": 10.0},
    "l2-array": {"l2": np.geomspace(1e-5, 1.0, P)},
    "l1": {"l1": 1e-2},
    "l1-weak": {"l1": 1e-4},
    "l1-strong": {"l1": 0.05},
    "l1-array": {"l1": np.geomspace(1e-4, 0.1, P)},
    "elasticnet": {"l1": 5e-3, "l2": 5e-3},
    "elasticnet-array": {"l1": np.geomspace(1e-4, 0.1, P), "l2": np.geomspace(0.1, 1e-4, P)},
    "l1-here-l2-there": {"l1": np.where(np.arange(P) % 2, 1e-2, 0.0), "l2": np.where(np.arange(P) % 2, 0.0, 1e-2)},
}
#: Problems here are small: without l1, "auto" is newton_small but for CSC, with l1 it is prox_newton.
OTHERS = {False: ("newton_cg", "newton_cholesky"), True: ("coordinate_descent",)}
PENALTIES |= {
    f"{name} by {solver}": penalty | {"solver": solver}
    for name, penalty in PENALTIES.items()
    for solver in OTHERS["l1" in penalty]
}
UNPENALISED = {"none": {}} | {f"none by {solver}": {"solver": solver} for solver in OTHERS[False]}
FEW = ("l2", "l2 by newton_cg", "l2 by newton_cholesky", "l1", "l1 by coordinate_descent", "elasticnet")


def terms(penalty):
    """The strengths alone."""
    return {"l1": penalty.get("l1", 0.0), "l2": penalty.get("l2", 0.0)}


def arguments(name):
    return UNPENALISED[name] if name in UNPENALISED else PENALTIES[name]
