"""A callback that shows how far a fit has come as a bar, by tqdm."""

import math


def progress_bar():
    """A callback for `callback=` that draws a bar while a fit goes on, in terminals and notebooks.

    The bar shows how far log gap has come from its first value to that of the target, the gap, the target, the seconds
    passed and an estimate of those left (`Progress.remaining`); in fits of one problem for each class or label it shows
    the mean of all, the name of the one heard of last and how many have ended.  It says how the fit ended, and is
    closed then, also on Ctrl-C and other errors.  One callback serves any number of fits, one after the other.

    Returns
    -------
    callable
        For `fit_logistic`, `fit_softmax`, `fit_one_vs_rest` and `LogisticRegression`.

    Raises
    ------
    ImportError
        If tqdm is not installed; the extra ``fastlr-solver[progress]`` has it.

    Examples
    --------
    >>> import fastlr
    >>> fastlr.LogisticRegression(callback=fastlr.progress_bar()).fit(X, y)  # doctest: +SKIP
    """
    try:
        import tqdm.auto  # noqa: F401 (whoever asks for a bar learns at once that it is missing)
    except ImportError as error:
        raise ImportError("fastlr.progress_bar needs tqdm: pip install 'fastlr-solver[progress]'") from error
    return ProgressBar()


class ProgressBar:
    """Draws the bar; see `progress_bar`."""

    def __init__(self):
        self._bar = None
        self._forget()

    def _forget(self):
        #: By label: the first gap, the share of the way that is behind; and how many labels have ended.
        self._first, self._shares, self._ended = {}, {}, 0
        self._reached = ""

    def __call__(self, progress):
        label = progress.label
        first = self._first.setdefault(label, progress.gap)
        self._shares[label] = max(self._shares.get(label, 0.0), share_of_way(first, progress.gap, progress.target))
        share = sum(self._shares.values()) / (progress.n_labels or 1)
        bar = self._opened()
        bar.set_description_str(self._description(progress), refresh=False)
        self._reached = f"gap {progress.gap:.1e}, target {progress.target:.1e}"
        left = _left(progress, share, bar.format_dict["elapsed"])
        bar.set_postfix_str(self._reached + left, refresh=False)
        bar.update(share - bar.n)

    def _opened(self):
        if self._bar is None:
            from tqdm.auto import tqdm

            shown = "{desc} {percentage:3.0f}%|{bar}| {elapsed}{postfix}"
            self._bar = tqdm(total=1.0, miniters=0, bar_format=shown)
        return self._bar

    def _description(self, progress):
        if progress.label is None:
            return "fit"
        return f"{progress.name or f'label {progress.label}'}, {self._ended} of {progress.n_labels} ended"

    def label_ended(self, label):
        self._shares[label] = 1.0
        self._ended += 1

    def fit_ended(self, result):
        """Say how the fit ended, if it has a result, and close the bar."""
        if self._bar is None:
            return
        if result is not None:
            self._bar.set_description_str(_ending(result), refresh=False)
            self._bar.set_postfix_str(self._reached, refresh=False)
            self._bar.n = 1.0 if self._ended or result.converged else self._bar.n
        self._bar.close()
        self._bar = None
        self._forget()


def share_of_way(first, gap, target):
    """Of the way from the first gap to the target, in logarithms, how much is behind; 0 where that cannot be told."""
    if gap <= target:
        return 1.0
    if not (0.0 < target < first < math.inf and gap < first):
        return 0.0
    return math.log(first / gap) / math.log(first / target)


def _left(progress, share, elapsed):
    """ ", about 3 s left"; of several problems what is left if all goes on as it did; "" where it cannot be told."""
    left = progress.remaining
    if progress.label is not None:
        left = elapsed * (1.0 - share) / share if share > 0.0 else math.nan
    return "" if math.isnan(left) else f", about {left:.{0 if left >= 10.0 else 1}f} s left"


def _ending(result):
    """How the fit ended, in words."""
    if not isinstance(result, tuple):
        return result.status.value
    return f"{sum(each.converged for each in result)} of {len(result)} converged"
