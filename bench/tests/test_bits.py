"""The comparison of bits: distances between floats, verdicts on made-up answers, and every case on the present code."""

from __future__ import annotations

import numpy as np
import pytest

from bench import bits
from bench.gates import bit_run
from bench.gates.bit_cases import CASES
from bench.gates.bit_cases.two_classes import SOLVERS
from bench.gates.bit_moves import Move, Verdict, compare, depending_on_threads, move
from bench.gates.bit_processes import run

ANSWER = {"coef": np.array([1.0, -2.0, 0.0]), "passes": np.array([5.0]), "end": np.array(["lbfgs converged"])}


def with_coef(*coef: float) -> dict:
    return ANSWER | {"coef": np.array(coef)}


def test_the_same_bits_have_not_moved():
    assert move("coef", ANSWER["coef"], ANSWER["coef"].copy()) is None
    assert move("gap", np.array([np.nan, np.inf]), np.array([-np.nan, np.inf])) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("start", [1.0, -1.0, 0.0, 5e-324, 3e38, -1e-40])
def test_distances_are_counted_in_floats(dtype, start):
    base = np.array([start], dtype=dtype)
    head = base
    for _ in range(3):
        head = np.nextafter(head, dtype(-np.inf))
    found = move("coef", base, head)
    assert (found.moved, found.size, found.ulps) == (1, 1, 3)


def test_a_distance_may_span_zero():
    tiny = np.float64(5e-324)
    assert move("coef", np.array([2 * tiny]), np.array([-tiny])).ulps == 3
    assert move("coef", np.array([np.finfo(float).max]), np.array([-np.finfo(float).max])).ulps > 2**63


def test_the_sign_of_a_zero_is_a_bit():
    assert move("coef", np.array([0.0, 1.0]), np.array([-0.0, 1.0])) == Move("coef", 1, 2, 0, 0.0)


def test_differences_are_relative_to_the_largest():
    assert move("coef", np.zeros(2), np.array([0.0, 3.0])).relative == 1.0
    found = move("coef", np.array([4.0, 1e-3]), np.array([4.0, 2e-3]))
    assert found.moved == 1
    assert found.relative == pytest.approx(2.5e-4)
    assert str(found).startswith("coef 1 of 2, ")


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        (np.array([1.0]), np.array([np.nan]), "1.0 -> nan"),
        (np.array([1.0]), np.array([1.0, 2.0]), "(1,) -> float64(2,)"),
        (np.array([1.0]), np.array([1.0], dtype=np.float32), "float64(1,) -> float32(1,)"),
        (np.array([3, 4]), np.array([3, 5]), "4 -> 5"),
        (np.array(["lbfgs converged"]), np.array(["lbfgs max_iter"]), "lbfgs converged -> lbfgs max_iter"),
    ],
)
def test_what_has_no_distance_is_told(base, head, words):
    assert words in move("what", base, head)


def test_each_run_has_one_verdict():
    base = {("a", 1): ANSWER, ("b", 1): ANSWER, ("c", 1): "TypeError: x", ("d", 1): "x", ("e", 1): ANSWER}
    head = {("a", 1): ANSWER, ("b", 1): with_coef(1.5, -2.0, 0.0), ("c", 1): ANSWER, ("d", 1): "y", ("e", 1): "z"}
    verdict = compare(base, head)
    assert verdict.same == 1
    assert [found.quantity for found in verdict.moved["b", 1]] == ["coef"]
    assert (verdict.gained, verdict.broken, verdict.lost) == (
        {("c", 1): "TypeError: x"},
        {("d", 1): "y"},
        {("e", 1): "z"},
    )


def test_a_quantity_of_one_side_is_told():
    assert compare({("a", 1): ANSWER | {"more": ANSWER["coef"]}}, {("a", 1): ANSWER}).moved == {
        ("a", 1): ["more reported on one side only"]
    }


def test_answers_that_depend_on_threads_are_found():
    answers = {("a", 1): ANSWER, ("a", 2): ANSWER, ("a", 3): with_coef(1.0, -2.0, 1e-300), ("b", 1): "x", ("b", 2): "x"}
    assert list(depending_on_threads(answers)) == [("a", 3)]


def test_the_report_names_the_threads_that_differ(capsys):
    moved = {("a", count): [Move("coef", 1, 3, 7, 1e-16)] for count in (2, 3)}
    bits.report("v3", Verdict(10, moved, {("b", 1): "ValueError: no"}, {}, {}))
    printed = capsys.readouterr().out
    assert "v3: 2 of 13 runs moved" in printed
    assert "moved    a [threads: 2, 3]: coef 1 of 3, 7 ulp, 1.0e-16 relative" in printed
    assert "lost     b [threads: 1]: ValueError: no" in printed


def test_the_cases_know_every_solver_and_what_it_handles():
    import fastlr.solvers

    assert {name: (set(able.penalties), set(able.bounded)) for name, able in SOLVERS.items()} == {
        name: (set(spec.penalties), set(spec.bounded)) for name, spec in fastlr.solvers.SOLVERS.items()
    }


def test_one_vs_rest_goes_its_three_ways():
    ends = {
        name: CASES[f"one vs rest, {name}"](1)["end"][0, 0] for name in ("together", "lockstep, C", "one by one, l1")
    }
    assert ends["together"].startswith("dual_coordinate_descent")
    assert ends["lockstep, C"].startswith("newton_cg")
    assert ends["one by one, l1"].startswith(("prox_newton", "coordinate_descent"))


@pytest.mark.filterwarnings("ignore")  # fits that end before the optimum say so
def test_every_case_runs(monkeypatch):
    monkeypatch.setattr(bit_run, "THREADS", (1,))
    found = bit_run.answers("")
    assert len(found) == len(CASES) > 300
    assert {key: answer for key, answer in found.items() if isinstance(answer, str)} == {}
    assert all(np.asarray(each).size for answer in found.values() for each in answer.values())


@pytest.mark.parametrize(
    ("head", "again", "status", "words"),
    [
        (ANSWER, ANSWER, 0, "nothing moved since old (v3, v4)"),
        (with_coef(1.0, -2.0, 1e-9), with_coef(1.0, -2.0, 1e-9), 1, "NOT THE SAME since old (v3, v4)"),
        (ANSWER, with_coef(1.0, -2.0, 1e-9), 1, "the present code run twice: 3 runs DIFFER"),
        ("TypeError: x", "TypeError: x", 1, "lost     a: TypeError: x"),
    ],
)
def test_the_exit_status_tells(head, again, status, words, monkeypatch, capsys):
    def run(folders, level, wanted):
        if level == "baseline":
            return [{"unavailable": "not built"} for _ in folders]
        answers = (ANSWER, head) if len(folders) == 2 else (again,)
        return [{"package": "", "answers": {("a", count): answer for count in (1, 2, 3)}} for answer in answers]

    monkeypatch.setattr(bits, "run", run)
    monkeypatch.setattr(bits, "commit_of", str)
    monkeypatch.setattr(bits, "build", lambda commit, levels: None)
    monkeypatch.setattr("sys.argv", ["bits", "old"])
    with pytest.raises(SystemExit) as end:
        bits.main()
    assert end.value.code == status
    printed = capsys.readouterr().out
    assert words in printed
    assert "baseline: not compared; not built" in printed


def test_sides_run_in_processes_of_their_own():
    import fastlr.kernels

    first, second = run([None, None], fastlr.kernels.cpu_level, "special.expit")
    assert set(first["answers"]) == {(name, count) for name in CASES if "special.expit" in name for count in (1, 2, 3)}
    assert compare(first["answers"], second["answers"]).same == len(first["answers"]) == 6
    assert "unavailable" in run([None], "no-such-level", "special.expit")[0]
