"""What a fit of the estimator calls after each iteration: the lines of `verbose`, the user's callback, and others."""

from fastlr.solvers.callbacks import tell


def callback_of(settings, names, *others):
    """One callback for all who want to hear of a fit; None where nobody does.

    Parameters
    ----------
    settings : Settings
    names : tuple of str, or None
        What each of several problems is called.
    *others : callable or None
        Who wants to hear besides those that the settings name.
    """
    everyone = (*others, report if settings.verbose else None, settings.callback)
    listeners = [callback for callback in everyone if callback is not None]
    return Listeners(listeners, names) if listeners else None


class Listeners:
    """Several callbacks as one: all of them hear of everything, and any of them can end the fit."""

    def __init__(self, callbacks, names):
        self._callbacks = callbacks
        self._names = names

    def __call__(self, progress):
        if self._names is not None:
            progress = progress.telling(name=self._names[progress.label])
        answers = [callback(progress) for callback in self._callbacks]
        return any(answers)

    def label_ended(self, label):
        for callback in self._callbacks:
            tell(callback, "label_ended", label)

    def fit_ended(self, result):
        for callback in self._callbacks:
            tell(callback, "fit_ended", result)


def report(progress):
    """Print a line about one point of a fit."""
    name = "" if progress.name is None else f"{progress.name}  "
    print(
        f"{name}iteration {progress.iteration:3d}  passes {progress.n_passes:7.1f}  objective "
        f"{progress.objective:.10f}  gap {progress.gap:.2e}  target {progress.target:.2e}  nonzeros "
        f"{progress.nonzeros}  seconds {progress.elapsed:.2f}",
        flush=True,
    )
