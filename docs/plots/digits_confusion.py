"""Draws docs/images/digits-confusion.png for docs/digits.md: what the ten models and the softmax take digits for.

Run from anywhere, with fastlr and matplotlib installed: python docs/plots/digits_confusion.py
"""

from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

from fastlr import LogisticRegression

matplotlib.use("Agg")
import matplotlib.pyplot as plt

OUT = Path(__file__).resolve().parents[1] / "images" / "digits-confusion.png"
#: Column of the rows that no digit claims.
UNDECIDED = 10


def matrices():
    """Title and confusion matrix of each model: digits written by digits read."""
    images, digits = load_digits(return_X_y=True)
    X, X_new, y, y_new = train_test_split(images / 16, digits, test_size=0.5, stratify=digits, random_state=0)
    ten = LogisticRegression(multi_class="ovr").fit(X, y)
    softmax = LogisticRegression().fit(X, y)
    read = ten.predict(X_new, reject=0.5).filled(UNDECIDED)
    return {
        "one against the rest": confusion_matrix(y_new, read, labels=np.arange(UNDECIDED + 1))[:UNDECIDED],
        "softmax": confusion_matrix(y_new, softmax.predict(X_new)),
    }


def draw(axes, title, counts):
    """One matrix: numbers in cells, errors shaded, the diagonal left white."""
    white = np.eye(*counts.shape, dtype=bool) | (counts == 0)
    axes.imshow(np.ma.masked_array(counts, white), cmap="Oranges", vmin=0, vmax=40)
    for written, read in np.argwhere(counts):
        axes.text(read, written, counts[written, read], ha="center", va="center", fontsize=8)
    names = [*map(str, range(10)), "?"]
    axes.set(title=title, xlabel="read", xticks=range(counts.shape[1]), yticks=range(10))
    axes.set_xticklabels(names[: counts.shape[1]])


def main():
    shown = matrices()
    figure, panels = plt.subplots(1, 2, figsize=(9.0, 4.4), width_ratios=[11, 10], layout="constrained")
    for axes, (title, counts) in zip(panels, shown.items(), strict=True):
        draw(axes, title, counts)
    panels[0].set_ylabel("written")
    figure.savefig(OUT, dpi=90)


if __name__ == "__main__":
    main()
