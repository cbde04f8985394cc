"""scikit-learn-intelex: only lbfgs on dense X runs in oneDAL; everything else there is scikit-learn itself."""

from __future__ import annotations

from bench.peers.base import SMOOTH
from bench.peers.sklearn import ScikitLearn


class Intelex(ScikitLearn):
    name = "intelex-lbfgs"
    solver = "lbfgs"
    penalties = SMOOTH
    storage = frozenset({"dense"})

    def estimator(self):
        from sklearnex.linear_model import LogisticRegression

        return LogisticRegression


PEERS = (Intelex,)
