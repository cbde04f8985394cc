"""Real data sets of two classes, read from the folder that FASTLR_DATA names, one subfolder a set."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np


def path(name: str) -> Path:
    """The path of a file below FASTLR_DATA; FileNotFoundError where that is not set."""
    folder = os.environ.get("FASTLR_DATA")
    if not folder:
        raise FileNotFoundError("real data sets need FASTLR_DATA, the folder with one subfolder a set")
    return Path(folder) / name


def _signs(positive) -> np.ndarray:
    return np.where(np.asarray(positive), 1.0, -1.0)


def _svmlight(name: str):
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(str(path(name)))
    return X, _signs(y > 0)


def _table(name: str, **options):
    import pandas

    return pandas.read_csv(path(name), header=None, **options)


def digits():
    """MNIST, training part: pixels / 255 and digits."""
    with lzma.open(path("mnist/train-images-idx3-ubyte.xz")) as file:
        X = np.frombuffer(file.read(), np.uint8)[16:].reshape(-1, 784) / 255
    with lzma.open(path("mnist/train-labels-idx1-ubyte.xz")) as file:
        y = np.frombuffer(file.read(), np.uint8)[8:]
    return X, y


def mnist_zero():
    """Digit 0 against the rest."""
    X, y = digits()
    return X, _signs(y == 0)


def covtype_second():
    """Cover type 2 against the rest, raw columns."""
    table = _table("covtype-20k/covtype.20k.data.xz")
    return table.iloc[:, :54].to_numpy(float), _signs(table[54] == 2)


def higgs():
    """The HIGGS sample: signal against background, raw columns."""
    table = _table("higgs-sample/binary.train.xz", sep="\t")
    return table.iloc[:, 1:].to_numpy(float), _signs(table[0] > 0)


def skin():
    """Skin segmentation: three raw colour channels."""
    table = _table("skin/Skin_NonSkin.txt.xz", sep="\t")
    return table.iloc[:, :3].to_numpy(float), _signs(table[3] == 1)


def _expression(name: str, positive: str):
    """Gene expression, raw intensities."""
    archive = np.load(path(name))
    return archive["X"].astype(float), _signs(archive["y"] == positive)


def json_lines(name: str) -> list[dict]:
    """The records of a JSON lines file."""
    with lzma.open(path(name), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def words_and_bigrams(texts: list[str]):
    """tf-idf (n, p) CSR, sublinear, rows of length one."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    return vectorizer.fit_transform(texts)


def newsgroups_first():
    """20newsgroups, training part: the first class in alphabetical order against the rest."""
    posts = [post for post in json_lines("20newsgroups/20news-bydate.jsonl.xz") if post["split"] == "train"]
    groups = [post["group"] for post in posts]
    first = min(groups)
    return words_and_bigrams([post["text"] for post in posts]), _signs([group == first for group in groups])


def reuters_earn():
    """Reuters-21578, ModApte training part: topic `earn` against the rest."""
    stories = json_lines("reuters21578/reuters21578.jsonl.xz")
    stories = [story for story in stories if story["topics_flag"] == "YES" and story["lewissplit"] == "TRAIN"]
    texts = [f"{story['title']}\n{story['body']}" for story in stories]
    return words_and_bigrams(texts), _signs(["earn" in story["topics"] for story in stories])


def standardised(load: Callable):
    """The same set with columns of mean 0 and standard deviation 1 (constant columns become 0)."""
    X, y = load()
    X = X - X.mean(axis=0)
    scale = X.std(axis=0)
    return X / np.where(scale > 0, scale, 1), y


RAW_DENSE: dict[str, Callable] = {
    "covtype-20k": covtype_second,
    "higgs-sample": higgs,
    "skin": skin,
    "golub-leukemia": partial(_expression, "golub-leukemia/golub-leukemia.npz", "AML"),
    "colon": partial(_expression, "colon/colon.npz", "t"),
}
REAL_SETS: dict[str, Callable] = {
    "a9a": partial(_svmlight, "a9a/a9a.svm.bz2"),
    "w8a": partial(_svmlight, "w8a/w8a.svm.bz2"),
    "mnist-zero": mnist_zero,
    "20newsgroups": newsgroups_first,
    "reuters21578": reuters_earn,
    **RAW_DENSE,
    **{f"{name}-scaled": partial(standardised, load) for name, load in RAW_DENSE.items()},
}
