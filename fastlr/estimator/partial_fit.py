"""Learning from rows as they come: AdaGrad steps on mini-batches."""

from dataclasses import replace

import numpy as np

from fastlr.estimator.absent_attributes import why_absent
from fastlr.estimator.adagrad_state import GroupedSoftmaxStream, SeparateStreams, SoftmaxStream, TwoClassStream
from fastlr.estimator.class_weight import of_rows, of_two
from fastlr.estimator.prediction_arguments import one_per_row
from fastlr.estimator.settings import settings_of
from fastlr.estimator.sklearn_validation import validated
from fastlr.estimator.state import fitted_coefficients, learning_copy, store
from fastlr.estimator.targets import check_label_names, check_number_of_labels, distinct_labels, indicator
from fastlr.fit import arguments
from fastlr.matrix import as_matrix
from fastlr.penalties.elastic_net import within
from fastlr.presolve.centring import Anchor
from fastlr.validation.containers import as_array, refuse, text_names
from fastlr.validation.sample_weights import sample_weights

_EPS = np.finfo(float).eps
#: Rows of a mini-batch.
BATCH = 128
#: Attributes with multi_class="multilabel" only, those of a stream, and those of a fit that say nothing of a stream.
OF_AN_INDICATOR = ("sparse_labels_", "label_names_")
OF_A_STREAM = ("_stream", "t_")
OF_A_FIT = ("result_", "solver_", "duality_gap_", "converged_", "status_")


class StreamingFit:
    """`partial_fit` for an estimator with the constructor arguments of LogisticRegression."""

    def __getattr__(self, name):
        """Raise AttributeError; asked only where there is no such attribute."""
        raise AttributeError(why_absent(self, name, OF_A_FIT), name=name, obj=self)

    @np.errstate(all="ignore")
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from more rows: one AdaGrad step for each mini-batch of up to 128 rows, in their order.

        Classes are treated as `multi_class` says, each problem of "ovr" and "multilabel" by steps of its own.  The
        penalty is what `fit` would use on all rows seen so far, repeats included: ``l2 = (1 - l1_ratio) / (C t_)``, and
        l1 likewise.  The steps are those of Duchi, Hazan and Singer (2011, figure 1, mirror descent, diagonal),
        with the gradient of the mini-batch's mean loss and of l2; l1 and bounds act by their prox.  For rows in random
        order and a fixed penalty the mean of the objectives met exceeds the least one by ``O(1 / sqrt(n_iter_))``, in
        expectation and without a certificate: where all rows are at hand, `fit` is faster and exact.

        Parameters
        ----------
        X : array-like, data frame or sparse matrix of shape (n_samples, n_features)
            As in `fit`, but that CSC is converted to CSR too.
        y : array-like of shape (n_samples,)
            Labels out of `classes`, not necessarily all of them; an indicator (n_samples, n_labels) with
            ``multi_class="multilabel"``.
        classes : array-like of shape (n_classes,), optional
            All labels; needed in the first call, if `fit` was not called before, except for an indicator.  Predictions
            are labels as the first call, or the fit, has them.
        sample_weight : array-like of shape (n_samples,) or float, optional
            Finite, not negative; a number is the weight of every row.

        Returns
        -------
        self
            With `coef_` and `intercept_` (float64), `classes_`, `multi_class_`, `n_features_in_`, `n_iter_` (steps so
            far) and `t_` (sum of the weights of the rows seen so far, the number of rows if there are none).  After
            `fit` it goes on from the coefficients there, counting anew, and ``result_`` and ``duality_gap_`` are gone.

        Raises
        ------
        ValueError, TypeError
            For parameters or data that cannot be used, among them labels out of `classes` and another number of columns
            than before.  What was learnt before stays, as after any other error.
        """
        settings, learner = settings_of(self), learning_copy(self)
        _check_streamable(settings)
        refuse("y", y)
        learner.classes_ = _known_labels(settings, learner, classes, y)
        is_first = "coef_" not in vars(learner)
        X = validated(learner, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=is_first)
        n = X.shape[0]
        weight = np.ones(n) if sample_weight is None else sample_weights(sample_weight, n)
        stream, targets, weight = _stream_and_targets(learner, settings, y, weight, X.shape[1])
        _check_sum(stream.total + weight.sum())
        coef, intercept = _coefficients_so_far(learner, settings, X.shape[1])
        matrix = as_matrix(X, 1)
        if not stream.steps:
            stream.centre = _first_centre(learner, matrix, weight)
        anchor = _anchor_of(learner, settings, stream, coef, intercept)
        intercept = intercept if anchor is None else anchor.values
        penalty_of = _penalty_by_weight(settings, vars(learner).get("feature_names_in_"), (X.shape[1], stream.width))
        for batch in _mini_batches(weight):
            block = matrix.between(batch.start, batch.stop)
            block = block if anchor is None else block.centred(anchor.centre)
            rows = stream.see(block, targets[batch], weight[batch])
            coef, intercept = stream.step(rows, penalty_of(stream.total), coef, intercept, settings.fit_intercept)
        _set_attributes(learner, settings, stream, coef, intercept, anchor)
        store(self, learner)
        return self


def _mini_batches(weight):
    """Slices of up to BATCH rows, in order; those without weight are left out."""
    for begin in range(0, len(weight), BATCH):
        batch = slice(begin, min(begin + BATCH, len(weight)))
        if weight[batch].any():
            yield batch


def _penalty_by_weight(settings, names, shape):
    """A function from the sum of the weights of all rows seen to the penalty of coefficients of shape (p, K)."""
    p = shape[0]
    factors, limits = settings.factors(p, names), arguments.bounds(settings.bounds, p, names)

    def penalty(total):
        l1, l2 = map(arguments.strength, ("l1", "l2"), settings.strengths(total, factors), (p, p))
        return within(limits, l1, l2, shape)

    return penalty


def _stream_and_targets(learner, settings, y, weight, p):
    """The stream, and targets and weights as it takes them."""
    n, K = len(weight), len(learner.classes_)
    if settings.multi_class == "multilabel":
        labels = indicator(y, n)
        _note_labels(learner, y, labels)
        return _stream_of(learner, SeparateStreams, p, K), labels.block(np.arange(K)), weight
    for name in OF_AN_INDICATOR:
        vars(learner).pop(name, None)
    codes = _class_numbers(y, n, learner.classes_)
    if K == 2:
        targets = codes.astype(np.float64)
        if settings.class_weight is not None:
            targets, weight = of_two(settings.class_weight, learner.classes_, targets, weight)
        return _stream_of(learner, TwoClassStream, p), targets, weight
    if settings.class_weight is not None:
        weight = of_rows(settings.class_weight, learner.classes_, codes, weight)
    if settings.multi_class == "ovr":
        return _stream_of(learner, SeparateStreams, p, K), codes[:, None] == np.arange(K), weight
    kind = GroupedSoftmaxStream if settings.group_penalty else SoftmaxStream
    return _stream_of(learner, kind, p, K), codes, weight


def _note_labels(learner, y, labels):
    """What a fit says of an indicator too; names of labels are those of the first one that has any."""
    learner.sparse_labels_ = labels.is_sparse
    if "label_names_" not in vars(learner) and (names := text_names(y)) is not None:
        learner.label_names_ = names


def _stream_of(learner, kind, *shape):
    """The stream of earlier calls, copied; a fresh one if there is none, or parameters now ask for another kind."""
    earlier = vars(learner).get("_stream")
    return earlier.copy() if type(earlier) is kind else kind(*shape)


def _first_centre(learner, matrix, weight):
    """The centre of the fit before, or that of columns which the first mini-batch shows far from zero; or None."""
    anchor = vars(learner).get("_anchor")
    if anchor is not None and len(anchor.centre) == matrix.shape[1]:
        return anchor.centre
    first = next(_mini_batches(weight), None)
    return None if first is None else _far_means(matrix.between(first.start, first.stop), weight[first])


def _anchor_of(learner, settings, stream, coef, intercept):
    """The Anchor from which the stream goes on, coefficients being (p, K); None where it has no centre."""
    if stream.centre is None or not settings.fit_intercept:
        return None
    anchor = vars(learner).get("_anchor")
    if anchor is None or not np.array_equal(anchor.centre, stream.centre):
        anchor = Anchor(stream.centre, np.full(len(intercept), np.inf))
    return replace(anchor, values=anchor.known_values(coef.T, intercept, _EPS))


def _set_attributes(learner, settings, stream, coef, intercept, anchor):
    """Set the attributes that say what has been learnt; coefficients are (p, K), intercepts those at the anchor."""
    for name in (*OF_A_FIT, "_anchor"):
        vars(learner).pop(name, None)
    learner._stream, learner.multi_class_ = stream, settings.multi_class
    learner.coef_, learner.intercept_ = coef.T.copy(), intercept
    if anchor is not None:
        learner._anchor = replace(anchor, values=intercept)
        learner.intercept_ = learner._anchor.intercept(learner.coef_)
    learner.n_iter_, learner.t_ = np.array([stream.steps], dtype=np.int32), stream.total


def _far_means(matrix, weight):
    """The weighted means of columns that few rows show far from zero, as numbers of the type of X, else 0; or None."""
    centre = matrix.far_centres(weight)
    if centre is None:
        return None
    means = centre + matrix.centred(centre).adjoint(weight / weight.sum())
    return np.where(centre == 0.0, 0.0, means.astype(matrix.dtype).astype(np.float64))


def _check_sum(total):
    """Raise ValueError where all weights seen have no sum."""
    if not np.isfinite(total):
        raise ValueError("sample_weight adds up to infinity, with that of earlier calls: expected a finite sum")


def _check_streamable(settings):
    """Raise ValueError for what needs all rows at once, or has no step."""
    if settings.standardize:
        raise ValueError("standardize=True: partial_fit does not know the standard deviations of rows to come")
    if settings.class_weight == "balanced":
        raise ValueError("class_weight='balanced': partial_fit does not know the labels of rows to come; give a dict")
    if settings.class_weight is not None and settings.multi_class == "multilabel":
        raise ValueError("class_weight: partial_fit expects None with multi_class='multilabel'")


def _known_labels(settings, learner, classes, y):
    """The labels, sorted: those given, or those of earlier calls."""
    known = vars(learner).get("classes_")
    if settings.multi_class == "multilabel":
        given = _numbered_labels(classes, y, known)
        check_label_names(y, vars(learner).get("label_names_"))
    elif classes is None:
        if known is None:
            raise ValueError("classes=None: expected all labels in the first call of partial_fit")
        given = known
    else:
        given = distinct_labels("classes", classes)
    if len(given) < 2:
        raise ValueError(f"classes={classes!r} holds {len(given)} distinct labels, expected two or more")
    if known is not None and not np.array_equal(given, known):
        raise ValueError(f"classes={classes!r}: expected those of earlier calls, {known.tolist()}")
    if settings.bounds is not None and (len(given) > 2 or settings.multi_class == "multilabel"):
        raise ValueError("bounds: expected None, only the fit of two classes takes them")
    return given if known is None else known


def _numbered_labels(classes, y, known):
    """arange(K) for an indicator y of K labels, as many as are known, if any are."""
    shape = y.shape if hasattr(y, "shape") else as_array("y", y).shape
    if len(shape) != 2:
        raise ValueError(f"y has shape {shape}: multi_class='multilabel' expects an indicator (n_samples, n_labels)")
    check_number_of_labels(shape[1])
    if known is not None and len(known) != shape[1]:
        raise ValueError(f"y has {shape[1]} columns: expected those of earlier calls, {len(known)} labels")
    numbers = np.arange(shape[1])
    if classes is not None and not np.array_equal(distinct_labels("classes", classes), numbers):
        raise ValueError(f"classes={classes!r}: expected None or the numbers of {shape[1]} labels, as y has columns")
    return numbers


def _class_numbers(y, n, classes):
    """Class numbers (n,) of labels out of `classes`, which are sorted."""
    y = one_per_row(y, n)
    equal = y[:, None] == classes
    known = equal.any(axis=1)
    if not np.all(known):
        other = y[: np.argmin(known) + 1].tolist()[-1]
        raise ValueError(f"y holds the label {other!r}: expected those of earlier calls, {classes.tolist()}")
    return equal.argmax(axis=1)


def _coefficients_so_far(learner, settings, p):
    """Coefficients (p, K) and intercepts (K,) reached so far, or zero; K = 1 for two classes."""
    K = len(learner.classes_)
    K = 1 if K == 2 and settings.multi_class != "multilabel" else K
    earlier = fitted_coefficients(learner)
    if earlier is None:
        return np.zeros((p, K)), np.zeros(K)
    coef, intercept = earlier
    if np.shape(coef) != (K, p):
        mode = f"multi_class={settings.multi_class!r}"
        raise ValueError(f"{mode}: coef_ of earlier calls has shape {np.shape(coef)}, expected {(K, p)}")
    intercept = np.zeros(K) + intercept if settings.fit_intercept else np.zeros(K)
    return np.array(coef.T, dtype=np.float64, order="C"), intercept
