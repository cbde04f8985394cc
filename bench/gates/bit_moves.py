"""The differences between two runs of the cases of bench.bits: distances of floats, verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNSIGNED = {2: np.uint16, 4: np.uint32, 8: np.uint64}


@dataclass(frozen=True)
class Move:
    """The distance of one quantity of a case between the commit and the present code.

    Attributes
    ----------
    quantity : str
        "coef", "objective", ...
    moved, size : int
        Numbers that changed, of so many.
    ulps : int
        The largest distance in units in the last place; 0 where only the sign of a zero changed.
    relative : float
        The largest difference over the largest absolute value.
    """

    quantity: str
    moved: int
    size: int
    ulps: int
    relative: float

    def __str__(self) -> str:
        count = f" {self.moved} of {self.size}" if self.size > 1 else ""
        return f"{self.quantity}{count}, {self.ulps} ulp, {self.relative:.1e} relative"


def ordered(bits: np.ndarray) -> np.ndarray:
    """The positions of floats among all floats of their width, as integers without bound; those of both zeros are 0."""
    width = 8 * bits.itemsize - 1
    magnitude = (bits & bits.dtype.type((1 << width) - 1)).astype(object)
    return np.where(bits >> bits.dtype.type(width) == 1, -magnitude, magnitude)


def move(quantity: str, base: np.ndarray, head: np.ndarray) -> Move | str | None:
    """The distance of one quantity: None where all bits are the same; words where there is none to be had."""
    if base.shape != head.shape or (base.dtype != head.dtype and base.dtype.kind != "U"):
        return f"{quantity} {base.dtype}{base.shape} -> {head.dtype}{head.shape}"
    if base.dtype.kind != "f":
        return None if (base == head).all() else f"{quantity} {_first_change(base, head)}"
    bits = [np.ascontiguousarray(side).view(UNSIGNED[side.itemsize]) for side in (base, head)]
    changed = (bits[0] != bits[1]) & ~(np.isnan(base) & np.isnan(head))
    if not changed.any():
        return None
    finite = changed & np.isfinite(base) & np.isfinite(head)
    if not finite[changed].all():
        return f"{quantity} {_first_change(base, head)}"
    ulps = max(abs(ordered(bits[0][changed]) - ordered(bits[1][changed])))
    before, after = base.astype(np.float64), head.astype(np.float64)
    largest = np.abs(before[np.isfinite(before)]).max()
    with np.errstate(over="ignore"):
        difference = float(np.abs(after[changed] - before[changed]).max())
    relative = difference / (largest or difference) if difference else 0.0  # 1 where all were zero
    return Move(quantity, int(changed.sum()), changed.size, int(ulps), relative)


def _first_change(base: np.ndarray, head: np.ndarray) -> str:
    where = np.flatnonzero((base != head).ravel() & ~((base != base) & (head != head)).ravel())[0]
    return f"{base.ravel()[where]} -> {head.ravel()[where]}"


def moves(base: dict, head: dict) -> list[Move | str]:
    """The quantities of one case that moved."""
    found = [f"{key} reported on one side only" for key in base.keys() ^ head.keys()]
    found += [move(key, base[key], head[key]) for key in base if key in head]
    return [each for each in found if each is not None]


@dataclass
class Verdict:
    """The cases of two runs, sorted by outcome.

    Attributes
    ----------
    same : int
        Pairs of a case and a number of threads that agree.
    moved : dict
        (case, threads) -> list of moves.
    lost, gained, broken : dict
        (case, threads) -> what was raised: by the second side alone, by the first alone, by both.
    """

    same: int
    moved: dict
    lost: dict
    gained: dict
    broken: dict


def compare(base: dict, head: dict) -> Verdict:
    """Compare two runs, {(case, threads): answer or what was raised}."""
    verdict = Verdict(0, {}, {}, {}, {})
    for key in base:
        before, after = base[key], head[key]
        if isinstance(before, str) and isinstance(after, str):
            verdict.broken[key] = after
        elif isinstance(before, str):
            verdict.gained[key] = before
        elif isinstance(after, str):
            verdict.lost[key] = after
        elif found := moves(before, after):
            verdict.moved[key] = found
        else:
            verdict.same += 1
    return verdict


def depending_on_threads(answers: dict) -> dict:
    """(case, threads) -> moves, where the answer is not that of one thread."""
    both = {key: (answers[key[0], 1], answer) for key, answer in answers.items()}
    fitted = {key: pair for key, pair in both.items() if not any(isinstance(side, str) for side in pair)}
    return {key: found for key, pair in fitted.items() if (found := moves(*pair))}
