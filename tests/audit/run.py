"""Many problems over processes, each watched: one that does not come back is killed, counted and goes on elsewhere."""

import multiprocessing
import multiprocessing.connection
import os
import re
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass

#: Seconds without a sign of life, a fit's or a reference's, after which a process is ended.
PATIENCE = 20.0
#: Problems handed over at a time.
LOT = 10


def audit(numbers, processes, tell=lambda done: None):
    """The verdicts of these problems as dicts, in the order of their numbers."""
    lots = [numbers[k : k + LOT] for k in range(0, len(numbers), LOT)][::-1]
    workers = [_Worker() for _ in range(min(processes, len(lots)))]
    out = []
    while lots or any(worker.left for worker in workers):
        for worker in workers:
            if not worker.left and lots:
                worker.take(lots.pop())
        ready = multiprocessing.connection.wait([w.pipe for w in workers if w.left], timeout=1.0)
        for worker in workers:
            if worker.pipe in ready and (answer := worker.answer()) is not None:
                out.append(answer)
                tell(len(out))
            elif worker.left and time.monotonic() - worker.since > PATIENCE:
                out.append(worker.give_up(*_LATE[worker.is_judging]))
    for worker in workers:
        worker.end()
    return sorted(out, key=lambda each: each["number"])


#: (kind, words) by whether the fit was over.
_LATE = {False: ("over 10 s", f"no fit in {PATIENCE:g} s"), True: ("error of the audit", "the reference does not end")}


class _Worker:
    """A process that judges problems, one after the other."""

    def __init__(self):
        self.left = []
        self._begin()

    def _begin(self):
        # A fresh interpreter: threads of OpenMP do not survive a fork.  Its BLAS has one thread.
        context = multiprocessing.get_context("spawn")
        os.environ |= {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def take(self, numbers):
        self.left, self.since, self.is_judging = list(numbers), time.monotonic(), False
        self.pipe.send(self.left)

    def answer(self):
        """The next verdict, None if it only says that a fit is over; that of a process that has died is a crash."""
        try:
            answer = self.pipe.recv()
        except EOFError:
            return self.give_up("crash", "the process died")
        self.since, self.is_judging = time.monotonic(), answer is None
        if answer is not None:
            self.left = self.left[1:]
        return answer

    def give_up(self, kind, words):
        """The verdict of the problem it is at; what is left goes on in another process."""
        verdict, left = _lost(self.left[0], kind, words), self.left[1:]
        self.end()
        self.left = []
        self._begin()
        if left:
            self.take(left)
        return verdict

    def end(self):
        self._process.kill()
        self._process.join()


def _serve(pipe):
    while True:
        for number in pipe.recv():
            pipe.send(judged(number, lambda: pipe.send(None)))


def judged(number, fitted=lambda: None):
    """The verdict of a problem as a dict; an error of the audit itself is a finding too."""
    from audit import problems, verdict

    problem = problems.make(number)
    try:
        return asdict(verdict.judge(problem, fitted))
    except Exception:
        return _lost(number, "error of the audit", traceback.format_exc())


def _lost(number, kind, words):
    from audit import problems, verdict

    problem = problems.make(number)
    out = verdict.Verdict(number, problem.entry, problem.solver, problem.penalty, problem.words, problem.options["tol"])
    out.add(kind, 0.0, words)
    return asdict(out)


# --- the table -------------------------------------------------------------------------------------------------------


def table(verdicts):
    """All counts, in lines."""
    lines = [f"{len(verdicts)} problems, {sum(len(v['statuses']) for v in verdicts)} results"]
    refused = sum(v["refused"] for v in verdicts)
    lines.append(f"{refused} refused with an error that says so")
    references = Counter(r for v in verdicts for r in v["references"])
    lines.append("references: " + ", ".join(f"{count} {name}" for name, count in references.most_common()))
    lines += ["", "findings (problems with at least one)"]
    kinds = Counter(kind for v in verdicts for kind in {f[0] for f in v["findings"]})
    lines += [f"  {count:6d}  {kind}" for kind, count in kinds.most_common()] or ["       0"]
    lines += ["", "results by entry, solver, penalty: how many, by status"]
    by = defaultdict(Counter)
    for v in verdicts:
        for status, solver in zip(v["statuses"], v["solvers"], strict=True):
            asked = "auto" if v["solver"] == "auto" else "asked"
            by[v["entry"], solver, asked, v["penalty"]][status] += 1
    for key, statuses in sorted(by.items()):
        told = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
        lines.append(f"  {key[0]:16s} {key[1]:24s} {key[2]:6s} {key[3]:11s} {told}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Group:
    """Problems with the same kind of finding, entry and solver; the worst of them, and what they have in common."""

    kind: str
    entry: str
    solver: str
    numbers: list
    worst: int
    size: float
    words: str
    common: list


def groups(verdicts):
    """The groups of all findings, most frequent first."""
    found = defaultdict(list)
    for v in verdicts:
        for kind in {f[0] for f in v["findings"]}:
            found[kind, v["entry"], v["solvers"][0] if v["solvers"] else v["solver"]].append(v)
    rates = Counter(word for v in verdicts for word in _traits(v))
    out = []
    for (kind, entry, solver), members in found.items():
        size, words, worst = max((f[1], f[2], v["number"]) for v in members for f in v["findings"] if f[0] == kind)
        counts = Counter(word for v in members for word in _traits(v))
        lifts = {
            word: count * len(verdicts) / (len(members) * rates[word])
            for word, count in counts.items()
            if 2 * count > len(members)
        }
        common = sorted((word for word in lifts if lifts[word] > 1.5), key=lifts.get, reverse=True)[:5]
        out.append(Group(kind, entry, solver, [v["number"] for v in members], worst, size, words, common))
    return sorted(out, key=lambda group: -len(group.numbers))


def _traits(verdict):
    """What a problem has, without the exact numbers."""
    words = {re.sub(r"(10\^-?\d+)\.\d+", r"\1", word) for word in verdict["words"]}
    if "intercept" not in words:
        words.add("no intercept")
    return words | {verdict["penalty"], f"tol {verdict['tol']:g}", verdict["entry"]}
