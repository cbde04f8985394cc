"""What was said or done that is false, for one problem.

Kinds
-----
false certificate
    The objective at the returned coefficients is further above that of some point than `duality_gap`.
    "(rounding)" where it is so by less than 1e-13 of the terms of the objective or of the null value.
above target
    CONVERGED, a gap is known, and the suboptimality is above tol times the null value.
gap above target
    CONVERGED, the suboptimality is below the target, but the gap is above it although doubles resolve the target; or a
    thousand times above what they resolve.
estimate above twice the target
    CONVERGED without a gap, tol <= 1e-4, and the suboptimality is above twice the target.
objective off
    The objective reported is not the one at the coefficients: by more than 1e-12 of it and 1e-15 of its terms.
not reached / reached, not said
    A status other than CONVERGED and SEPARATED although there is an optimum that doubles resolve; by whether the
    suboptimality is above the target.  "(for comparison)" for solvers that "auto" never takes.
separation missed / false separation
    By a linear program.  A softmax promises to see complete separations only, so none is called missed; where weights
    of rows differ by a factor of 1e20 nothing is said.
crash, numpy warning, over 10 s, invariant broken (outside bounds, intercept without one, X changed, not finite).

The target counts as resolved, and is added to, by `resolution`: 100 eps times the terms of the objective and its
gradient over centred columns at the optimum, offsets among them; 100 times what rounding the optimum's coefficients and
intercept to doubles adds to the objective; and eps times the null value.  A method that is backward stable on centred
columns gets there.
"""

import time
import traceback
import warnings
from dataclasses import dataclass, field

import numpy as np

import fastlr
from audit.matrices import dense
from audit.posing import posed
from audit.problems import FOR_COMPARISON
from audit.reference import optimum
from audit.separable import is_separable

EPS = np.finfo(float).eps
SLOW = 10.0
#: Suboptimality above the gap by less than this part of the terms of the objective is rounding.
ROUNDING = 1e-13
#: Whether rows of less weight beside the heaviest count in a separation is not judged.
FAINT = 1e-20


@dataclass
class Verdict:
    """What became of one problem; `findings` are (kind, size, words)."""

    number: int
    entry: str
    solver: str
    penalty: str
    words: list
    tol: float
    statuses: list = field(default_factory=list)
    solvers: list = field(default_factory=list)
    references: list = field(default_factory=list)
    findings: list = field(default_factory=list)
    figures: list = field(default_factory=list)
    cpu: float = 0.0
    refused: bool = False

    def add(self, kind, size=0.0, words=""):
        self.findings.append((kind, float(size), words))


def judge(problem, fitted=lambda: None):
    """Fit the problem and say what is false; `fitted` is called once the fit is over."""
    verdict = Verdict(
        problem.number, problem.entry, problem.solver, problem.penalty, problem.words, problem.options["tol"]
    )
    results = _fitted(problem, verdict)
    fitted()
    for label, result in enumerate(results):
        judge_result(problem, posed(problem)[label], result, verdict)
    return verdict


def _fitted(problem, verdict):
    """The results, an empty list if there are none."""
    before = dense(problem.X).copy()
    began = time.process_time()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out = getattr(fastlr, problem.entry)(problem.X, problem.y, **problem.options)
    except ValueError as error:
        if "cannot fit" in str(error) or "holds one class only" in str(error):
            verdict.refused = True
        else:
            verdict.add("crash", words=_last_lines(error))
        return []
    except Exception as error:
        verdict.add("crash", words=_last_lines(error))
        return []
    verdict.cpu = time.process_time() - began
    if verdict.cpu > SLOW:
        verdict.add("over 10 s", verdict.cpu)
    for one in {f"{each.category.__name__}: {each.message} ({each.filename}:{each.lineno})" for each in caught}:
        verdict.add("numpy warning", words=one)
    if not np.array_equal(before, dense(problem.X)):
        verdict.add("invariant broken", words="X changed")
    return list(out) if isinstance(out, tuple) else [out]


def _last_lines(error):
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error)[:150]} ({where.filename.rpartition('fastlr/')[2]}:{where.lineno})"


def judge_result(problem, stated, result, verdict):
    """Enter into the verdict what is false about one result."""
    status = result.status.name
    verdict.statuses.append(status)
    verdict.solvers.append(result.solver)
    if not (np.isfinite(result.coef).all() and np.isfinite(result.intercept).all()):
        verdict.references.append("none")
        verdict.add("invariant broken", words="coefficients that are not finite")
        return
    if not stated.fit_intercept and np.any(result.intercept):
        verdict.references.append("none")
        verdict.add("invariant broken", words=f"intercept {result.intercept} without one")
        return
    point = stated.from_reported(result.coef, result.intercept)
    if not stated.is_allowed(point[0]):
        verdict.references.append("none")
        verdict.add("invariant broken", words="outside bounds")
        return
    value = stated.value(*point)
    _judge_objective(stated, point, value, result, verdict)
    separable = False if stated.covers_all else is_separable(stated)
    if not stated.covers_all and separable is not None:
        _judge_separation(problem, stated, separable, result, verdict)
    if separable and not np.isfinite(result.duality_gap):
        verdict.references.append("no optimum")
        return
    best = optimum(stated, [point], 20 if separable else 120)
    verdict.references.append("converged" if best.converged else "not converged")
    _judge_suboptimality(problem, stated, point, value, best, result, verdict, bool(separable))


def _judge_objective(stated, point, value, result, verdict):
    W, c = point
    sizes = np.abs(stated.X) @ np.abs(W) + np.abs(c - stated.centre @ W) + np.abs(stated.offset)[:, None]
    scale = np.sum(stated.share[:, None] * sizes) + abs(value)
    off = abs(result.objective - value)
    if not off <= 1e-12 * abs(value) + 1e-15 * scale:
        verdict.add("objective off", off / max(abs(value), 1e-300), f"{result.objective!r}, exactly {float(value)!r}")


def _judge_separation(problem, stated, separable, result, verdict):
    status = result.status.name
    said = status == "SEPARATED" or any(type(f).__name__ == "Separation" for f in result.findings)
    faint = stated.weight[stated.weight > 0].min() < FAINT * stated.weight.max()
    if faint:
        return
    if said and not separable:
        verdict.add("false separation", words=status)
    if separable and not said and problem.entry != "fit_softmax":
        verdict.add("separation missed", words=f"{status}: {result.message}")


def _judge_suboptimality(problem, stated, point, value, best, result, verdict, separable):
    status, gap, tol = result.status.name, result.duality_gap, problem.options["tol"]
    excess = value - best.value
    noise = stated.noise(*point) + stated.noise(best.W, best.c)
    target = tol * stated.null_value
    terms = stated.terms(best.W, best.c)
    terms_in_doubles = terms + stated.share @ np.abs(stated.offset)
    # columns that depend on each other but for rounding of entries count as dependent; a softmax does not name them
    named = problem.entry == "fit_softmax" or any(type(each).__name__ == "Collinear" for each in result.findings)
    stored = problem.X.dtype if named else np.dtype(float)
    resolution = 100.0 * (EPS * terms_in_doubles + stated.representation(best.W, best.c, stored))
    resolution += EPS * stated.null_value
    figures = {name: float(v) for name, v in locals().items() if name in ("excess", "gap", "target", "resolution")}
    verdict.figures.append(figures | {"status": status, "certificate": result.certificate, "left": float(best.left)})
    told = f"{status}, excess {float(excess):.2g}, gap {gap:.2g}, target {float(target):.2g}; {result.message[:110]}"
    if np.isfinite(gap) and excess > gap + noise:
        small = excess - gap < ROUNDING * max(terms, stated.null_value)
        verdict.add("false certificate" + " (rounding)" * bool(small), excess - gap, told)
    allowed = target + resolution
    if status == "CONVERGED":
        if np.isfinite(gap):
            if excess > allowed + noise:
                verdict.add("above target", excess / max(target, 1e-300), told)
            elif gap > target + (1.0 if target > resolution else 1e3) * resolution:
                verdict.add("gap above target", gap / max(target, 1e-300), told)
        elif tol <= 1e-4 and excess > 2.0 * allowed + noise:
            verdict.add("estimate above twice the target", excess / max(target, 1e-300), told)
    elif status != "SEPARATED" and not separable and best.converged and target > resolution:
        compared = " (for comparison)" * (result.solver in FOR_COMPARISON)
        kind = "not reached" if excess > target else "reached, not said"
        verdict.add(kind + compared, excess / max(target, 1e-300), told)
