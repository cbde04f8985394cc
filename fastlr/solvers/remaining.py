"""What first-order methods stop on where there is no duality gap."""


class Remaining:
    """How far the objective may still fall, if gains go on shrinking as they did: an estimate for linear convergence.

    The last quarter of all points is compared with the quarter before it, at least five points each, since accelerated
    methods gain in waves.
    """

    def __init__(self):
        self._values = []

    def after(self, value):
        """The estimate at the next point; None until ten points are known, or where gains do not shrink.

        Two windows without any change at all leave nothing to be gained: rounding is all there is.
        """
        self._values.append(value)
        window = max(5, len(self._values) // 4)
        if len(self._values) <= 2 * window:
            return None
        before, middle = self._values[-1 - 2 * window], self._values[-1 - window]
        earlier, later = before - middle, middle - value
        if earlier == later == 0.0:
            return 0.0
        if not 0.0 <= later < earlier:
            return None
        return later * later / (earlier - later)
