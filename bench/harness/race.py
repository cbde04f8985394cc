"""A race: one problem, one objective; and how much it may cost."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from bench.data.problems import load, load_classes
from bench.harness.environment import available_cpus
from bench.harness.objective import Objective
from bench.harness.penalty import Penalty, make_penalty

TARGETS = (1e-4, 1e-6, 1e-8)  # the relative suboptimalities that races of two classes are timed to


@dataclass(frozen=True)
class Limits:
    """How far a race goes, and how much it may cost.

    Attributes
    ----------
    repeats : int
        Thorough runs of each tolerance that looked promising when the ladder was climbed; the best time counts.
    steps_per_decade : int
        Tolerances per decade, the same for every peer.
    budget : float
        Seconds of fitting per peer, every fit counted; what is spent limits the repeats first, then the ladder.
    run_limit : float
        Seconds after which a single fit is killed, and with it the peer's race.
    targets : tuple of float
        The relative suboptimalities to which times are taken, the strictest last.
    """

    repeats: int = 3
    steps_per_decade: int = 2
    budget: float = 120.0
    run_limit: float = 120.0
    targets: tuple[float, ...] = TARGETS


@dataclass(frozen=True)
class Race:
    """One problem with one objective.

    Attributes
    ----------
    problem : str
        A name that `load` or (K classes) `load_classes` of bench.data.problems takes.
    objective : Objective
        What every peer minimises.
    n_threads : int
        Threads that peers may use; all available CPUs by default.
    """

    problem: str
    objective: Objective
    n_threads: int = dataclasses.field(default_factory=available_cpus)

    @property
    def name(self) -> str:
        """The stem of its result files."""
        objective = self.objective
        formulation = "" if objective.is_binary else f"-{objective.formulation}"
        return f"{self.problem}{formulation}-{objective.penalty.label}" + ("-intercept" * objective.fit_intercept)

    def load(self):
        """(X, y) of its problem."""
        return load(self.problem) if self.objective.is_binary else load_classes(self.problem)

    def specification(self) -> dict:
        """The race in plain values, for a worker process; `of_specification` is the way back."""
        return dataclasses.asdict(self)

    @classmethod
    def of_specification(cls, values: dict) -> Race:
        """The race of a specification that may have been JSON in between."""
        objective = dict(values["objective"])
        penalty = Penalty(**objective.pop("penalty"))
        return cls(values["problem"], Objective(penalty, **objective), values["n_threads"])


def make_race(problem: str, kind: str, value: float, fit_intercept: bool, l1_ratio: float = 0.5) -> Race:
    """A race of two classes: the data made or loaded, the penalty settled as `make_penalty` does it."""
    X, y = load(problem)
    return Race(problem, Objective(make_penalty(X, y, kind, value, fit_intercept, l1_ratio), fit_intercept))


def make_class_race(problem: str, formulation: str, kind: str, value: float, fit_intercept: bool) -> Race:
    """A race of K classes.

    Parameters
    ----------
    problem : str
        A key of `bench.data.class_sets.CLASS_SETS`.
    formulation : {"multinomial", "ovr"}
        Softmax, or each class against the rest.
    kind : {"l2", "l1", "group"}
        For "l2", `value` is scikit-learn's C (l2 = 1 / (C n)); for the others it is the divisor d: l1 = lambda_max / d.
    """
    X, y = load_classes(problem)
    label = {"l2": f"C-{value:g}", "l1": f"l1-{value:g}", "group": f"l1-{value:g}-group"}[kind]
    penalty = Penalty(1.0 / (value * len(y)) if kind == "l2" else 0.0, 0.0, label, group=kind == "group")
    objective = Objective(penalty, fit_intercept, formulation, int(y.max()) + 1)
    if kind == "l2":
        return Race(problem, objective)
    penalty = dataclasses.replace(penalty, l1=objective.lambda_max(X, y) / value)
    return Race(problem, dataclasses.replace(objective, penalty=penalty))
