"""A point of a fit, and a step from it."""

from dataclasses import dataclass

import numpy as np

from fastlr.matrix import RowState


@dataclass
class Point:
    """A point of a fit: value, gradient and gap there.  `move` takes over its row state: do not use it afterwards."""

    coef: np.ndarray
    intercept: float
    state: RowState
    value: float
    #: Gradient of the smooth part (loss and l2), (p, 1).
    gradient: np.ndarray
    #: Bound on value minus minimum; inf if none is known.
    gap: float
    #: X' D 1, (p, 1), and 1' D 1, which eliminate the intercept: None until asked for, and 0 without an intercept.
    XtD1: np.ndarray | None = None
    trace_D: float = 0.0

    def restrict(self, columns):
        """The same point of the objective restricted to these columns; its gap is unknown."""
        XtD1 = None if self.XtD1 is None else self.XtD1[columns]
        coef, gradient = self.coef[columns], self.gradient[columns]
        return Point(coef, self.intercept, self.state, self.value, gradient, np.inf, XtD1, self.trace_D)


@dataclass
class Direction:
    """A step in w, its Xd, and the numbers that a line search and a certificate need."""

    coef: np.ndarray
    #: X coef + intercept, the change of linear predictors along the step.
    Xd: np.ndarray
    #: Step of the intercept.
    intercept: float
    #: Gap of the columns after a full step: rho' rho / (2 l2) for the CG residual rho; inf if unknown.
    residual_gap: float = np.inf
    #: Decrease of the quadratic model.
    decrease: float = 0.0
    #: Half the squared Newton decrement less `decrease`, estimated: conjugate gradients stop short of the Newton step.
    missing: float = 0.0
    #: Hessian products that it took.
    products: int = 0
    #: X' times the linearised residual after a full step, (p, 1), where l1 or bounds act and it is known.
    adjoint: np.ndarray | None = None

    @property
    def decrement(self):
        """Half the squared Newton decrement, estimated."""
        return self.decrease + self.missing
