"""Working sets under l1: the columns whose coefficients may leave zero."""

import numpy as np

#: Columns that come at the price of one: the width of a register tile of X' D X.
FEWEST = 16


def working_set(coef, violations, fewest, share=0.25):
    """Sorted indices of the support and of as many of the worst violators, at least `fewest` of them.

    coef and violations (see LogisticObjective.violations) are (p,); a share of the violators is taken at least.
    """
    support = np.flatnonzero(coef)
    outside = np.flatnonzero((coef == 0.0) & (violations != 0.0))
    room = max(fewest, len(support), int(share * len(outside)))
    if len(outside) > room:
        outside = outside[np.argpartition(-violations[outside], room)[:room]]
    return np.sort(np.concatenate([support, outside]))


def holds_violators(columns, penalty, point):
    """Whether all optimality conditions that the point violates are those of the given columns."""
    violated = penalty.subgradient(point.coef, point.gradient)[0][:, 0] != 0.0
    violated[columns] = False
    return not violated.any()


class Candidates:
    """The objective in a working set and in as many again of the columns nearest to it, over a copy of these columns
    that is kept until others are needed.

    Parameters
    ----------
    objective : LogisticObjective
    """

    def __init__(self, objective):
        self._objective = objective
        self._columns = np.empty(0, dtype=np.intp)
        self._within = None

    def at(self, point):
        """(objective in the candidates, their columns: an index for vectors over all columns)."""
        needed = working_set(point.coef[:, 0], self._objective.violations(point)[:, 0], FEWEST)
        count = max(FEWEST, 2 * len(needed))
        if 4 * count > 3 * len(point.coef):  # the copy would be most of X
            return self._objective, slice(None)
        if self._within is None or not np.isin(needed, self._columns, assume_unique=True).all():
            self._within = None  # lets go of the old copy before the new one is made
            self._columns = self._nearest(point, needed, count)
            self._within = self._objective.select(self._columns)
        return self._within, self._columns

    def _nearest(self, point, needed, count):
        """Sorted indices of the columns needed and of others, `count` in all, where |gradient| is largest beside l1."""
        closeness = self._objective.penalty.beside_l1(point.gradient)[:, 0]
        closeness[needed] = np.inf
        return np.sort(np.argpartition(-closeness, count)[:count])
