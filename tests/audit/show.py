"""A problem as code, a verdict in words."""

import numpy as np
import scipy.sparse as sp

#: Entries up to which arrays are written out.
MOST = 200


def code(problem):
    """Lines that pose and fit the problem; they ask the audit for it where X is too large to be written out."""
    entries = problem.X.shape[0] * problem.X.shape[1]
    head = f"# problem {problem.number}: {', '.join(problem.words)}\n"
    if entries > MOST:
        return head + (
            "from audit.problems import make  # from the folder tests\n"
            f"import fastlr\nproblem = make({problem.number})\n"
            f"result = fastlr.{problem.entry}(problem.X, problem.y, **problem.options)\n"
            f"# options: { {k: _short(v) for k, v in problem.options.items()} }"
        )
    options = ", ".join(f"{name}={_literal(value)}" for name, value in problem.options.items())
    return head + (
        "import fastlr, numpy as np, scipy.sparse as sp\n"
        f"X = {_matrix(problem.X)}\ny = {_literal(problem.y)}\n"
        f"result = fastlr.{problem.entry}(X, y, {options})"
    )


def _literal(value):
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_literal, value)) + ")"
    if not isinstance(value, np.ndarray):
        return repr(value)
    numbers = value.tolist()
    if value.dtype == np.float32:  # shorter, and the same number
        numbers = np.vectorize(lambda x: float(str(x)), otypes=[float])(value).tolist()
    text = repr(numbers).replace("inf", "np.inf")
    return f"np.array({text})" if value.dtype == np.float64 else f"np.array({text}, dtype='{value.dtype}')"


def _short(value):
    return f"array{value.shape}" if isinstance(value, np.ndarray) and value.size > 50 else value


def _matrix(X):
    if sp.issparse(X):
        parts = ", ".join(_literal(part) for part in (X.data, X.indices, X.indptr))
        return f"sp.{X.format}_array(({parts}), shape={X.shape})"
    text = _literal(X)
    if X.flags.c_contiguous:
        return text
    if X.flags.f_contiguous:
        return f"np.asfortranarray({text})"
    if X.strides[0] < 0:
        return f"np.ascontiguousarray({text}[::-1, ::-1])[::-1, ::-1]"
    return f"np.repeat(np.repeat({text}, 2, axis=0), 3, axis=1)[::2, ::3]"


def words(verdict):
    """What became of a problem."""
    lines = [f"status {verdict['statuses']}, solver {verdict['solvers']}, references {verdict['references']}"]
    lines += [str(each) for each in verdict["figures"]]
    lines += [f"FALSE: {kind} ({size:.3g}): {told}" for kind, size, told in verdict["findings"]]
    return "\n".join(lines if verdict["findings"] else [*lines, "nothing false"])
