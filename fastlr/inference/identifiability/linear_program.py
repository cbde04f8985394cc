"""Linear programs, by HiGHS (Huangfu, Hall 2018) in SciPy."""

import numpy as np
import scipy.sparse as sp

#: Feasibility asked for: the smallest that HiGHS takes.
_FEASIBLE = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def minimise(cost, matrix, right):
    """argmin  cost . z  subject to  matrix z <= right,  z of any sign; None if the solver finds none.

    There is none to be found where numbers are not finite, as of columns whose squares underflow.
    """
    if not all(np.isfinite(part).all() for part in (cost, matrix.data if sp.issparse(matrix) else matrix, right)):
        return None
    from scipy.optimize import linprog  # takes long to import, and most fits never need it

    answer = linprog(cost, A_ub=matrix, b_ub=right, bounds=(None, None), method="highs", options=_FEASIBLE)
    return answer.x if answer.success else None
