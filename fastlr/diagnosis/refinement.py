"""Newton steps by orthogonal factors, for columns so near to dependence that X' D X does not tell them apart."""

import numpy as np

#: Numbers of the matrix that is factored, at most.
MOST_NUMBERS = 10_000_000
#: Share of a column that the others do not explain, up to which X' D X has lost half of its digits.
NEAR = 1e-6
#: Share of the largest singular value below which one is rounding.
RESOLVED = 1e-11
#: Newton steps, at most, and halvings of one.
STEPS, HALVINGS = 50, 40


def is_small(frame):
    """Whether the rows are few enough to be factored."""
    return frame.rows.design.shape[0] * frame.size <= MOST_NUMBERS


def are_told_apart(frame, eta, within):
    """Whether X' D X tells the free columns apart, at the curvature of these linear predictors, in the span of `within`
    (size, m), orthonormal."""
    scaled, _ = _curved(frame, eta)
    left = np.abs(np.diag(np.linalg.qr(_unit(scaled @ within), mode="r")))
    far = np.abs(frame.centre / frame.scale).max(initial=1.0)  # X' D X has squares of the entries as they are
    return len(left) == within.shape[1] and bool(np.all(left > NEAR * far))


def whole_decrement(frame, eta):
    """Half the squared Newton decrement in all directions that rows notice by more than rounding."""
    scaled, seen = _curved(frame, eta)
    left, values, _ = np.linalg.svd(_unit(scaled), full_matrices=False)
    along = left[:, values > RESOLVED * values[0]].T @ seen
    return 0.5 * float(along @ along)


def _curved(frame, eta):
    """D^(1/2) Z (n, size) and D^(-1/2) r (n,) at these linear predictors."""
    residual, curvature = np.empty((2, len(eta)))
    frame.rows.loss.evaluate(eta, residual, curvature)
    root = np.sqrt(curvature)
    seen = np.divide(residual, root, out=np.zeros_like(root), where=root > 0.0)
    return root[:, None] * frame.take(np.arange(len(eta))), seen


def _unit(columns):
    lengths = np.linalg.norm(columns, axis=0)
    return columns / np.where(lengths > 0.0, lengths, 1.0)


def complement(basis):
    """Orthonormal basis (size, size - k) of what is orthogonal to an orthonormal basis (size, k)."""
    return np.linalg.qr(basis, mode="complete")[0][:, basis.shape[1] :]


def can_refine(objective):
    """Whether all coefficients are free."""
    penalty = objective.penalty
    return not (penalty.has_l1 or penalty.has_l2 or penalty.has_bounds)


def refined(objective, frame, coef, intercept, target, within):
    """The Point that Newton steps in the span of `within` lead to from (coef (p,), intercept), and half the squared
    Newton decrement there.

    With Q R = D^(1/2) Z, Z the centred and scaled rows, the step is -R^-1 Q' D^(-1/2) r and the decrement
    |Q' D^(-1/2) r|^2 / 2: the conditions of Z count, not their squares as in Z' D Z (Golub, Van Loan 2013, 5.3).
    """
    point = objective.at(coef[:, None], intercept)
    for _ in range(STEPS):
        scaled, seen = _curved(frame, point.state.eta)
        Q, R = np.linalg.qr(scaled @ within)
        along = Q.T @ seen
        decrement = 0.5 * float(along @ along)
        if decrement <= target or not np.all(np.diag(R)):
            break
        step, shift = frame.unfold(-within @ np.linalg.solve(R, along))
        moved = _lower(objective, point, step, shift, decrement)
        if moved is None:
            break
        point = moved
    return point, decrement


def _lower(objective, point, step, shift, decrement):
    """The Point after the longest of the step's halves that lowers the objective enough; None if there is none."""
    t = 1.0
    for _ in range(HALVINGS):
        moved = objective.at(point.coef + t * step[:, None], point.intercept + t * shift)
        if moved.value <= point.value - 1e-4 * t * 2.0 * decrement:
            return moved
        t *= 0.5
    return None
