"""Problems of more than two classes: X and class numbers 0, ..., K - 1."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from functools import partial

import numpy as np

from bench.data.generated import classes
from bench.data.real_sets import digits, json_lines, path, words_and_bigrams


def _numbered(labels) -> np.ndarray:
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)


def mnist():
    """Ten digits, pixels / 255."""
    X, y = digits()
    return X, _numbered(y)


def newsgroups():
    """20newsgroups, training part: tf-idf of words and bigrams, 20 classes."""
    posts = [post for post in json_lines("20newsgroups/20news-bydate.jsonl.xz") if post["split"] == "train"]
    return words_and_bigrams([post["text"] for post in posts]), _numbered([post["group"] for post in posts])


def sector():
    """Industry sectors of companies' pages, tf-idf, 105 classes."""
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(str(path("sector/sector.scale.svm.bz2")))
    return X, _numbered(y)


def banking():
    """Questions of bank customers: tf-idf of words and bigrams, 77 intents."""
    import pandas

    table = pandas.read_csv(path("banking77/train.csv.xz"))
    return words_and_bigrams(list(table.text)), _numbered(table.category)


def clinc():
    """Questions to an assistant: tf-idf of words and bigrams, 150 intents."""
    with lzma.open(path("clinc150/data_full.json.xz"), "rt", encoding="utf-8") as file:
        texts, labels = zip(*json.load(file)["train"], strict=True)
    return words_and_bigrams(list(texts)), _numbered(labels)


def gaussian(n: int, p: int, K: int):
    """n x p independent Gaussian columns, K classes."""
    X, y = classes(n, p, K)
    return X, _numbered(y)


def embeddings():
    """Like sentence embeddings: 20,000 rows of length one around 100 centres, 768 columns, float32."""
    r = np.random.default_rng(0)
    centres, y = r.standard_normal((100, 768)), r.integers(100, size=20_000)
    X = centres[y] + 2.5 * r.standard_normal((20_000, 768))
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), y


def wine():
    """A small table: 178 x 13, standardised, three cultivars."""
    from sklearn.datasets import load_wine
    from sklearn.preprocessing import scale

    X, y = load_wine(return_X_y=True)
    return scale(X), _numbered(y)


CLASS_SETS: dict[str, Callable] = {
    "toy": partial(gaussian, 300, 8, 3),
    "dense-60k-300-10": partial(gaussian, 60_000, 300, 10),
    "mnist": mnist,
    "20newsgroups": newsgroups,
    "embeddings-20k-768-100": embeddings,
    "sector": sector,
    "banking77": banking,
    "clinc150": clinc,
    "wine": wine,
}
