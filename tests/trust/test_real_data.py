"""Fits of real data sets, from the folder that FASTLR_DATA names: optimum, certificate, published tables.

Every two-class set there is fitted whole.
"""

import bz2
import json
import lzma
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
from sklearn.datasets import load_breast_cancer, load_svmlight_file
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from support.layouts import as_layout
from support.references import null_objective, one_coordinate_decrease, smooth_gradient

from fastlr import LogisticRegression, fit_logistic

FOLDER = Path(os.environ.get("FASTLR_DATA", ""))

needs_data = pytest.mark.skipif(not os.environ.get("FASTLR_DATA"), reason="FASTLR_DATA names no folder")
pytestmark = [pytest.mark.real_data, needs_data]


def table(name, **options):
    pandas = pytest.importorskip("pandas")
    return pandas.read_csv(FOLDER / name, **options)


def svmlight(name):
    X, y = load_svmlight_file(str(FOLDER / name))
    return X, y == y.max()


def table_of_numbers(name, positive, label=-1, columns=None, **options):
    frame = table(name, **options)
    y = frame.pop(frame.columns[label])
    X = frame if columns is None else frame.iloc[:, columns]
    return X.to_numpy(float), (y == positive).to_numpy()


def with_categories(frame, categories):
    numbers = frame.drop(columns=categories).to_numpy(float)
    return sp.hstack([sp.csr_matrix(numbers), OneHotEncoder().fit_transform(frame[categories].astype(str))]).tocsr()


def kddcup99():
    frame = table("kddcup99-10pct/kddcup.data_10_percent.xz", header=None)
    y = frame.pop(41) != "normal."
    return with_categories(frame, [1, 2, 3]), y.to_numpy()


def adult():
    frame = table("adult/adult.data.xz", header=None, skipinitialspace=True)
    y = frame.pop(14) == ">50K"
    return with_categories(frame, [1, 3, 5, 6, 7, 8, 9, 13]), y.to_numpy()


def bank_marketing():
    frame = table("bank-marketing/bank-additional-full.csv.xz", sep=";")
    y = frame.pop("y") == "yes"
    return with_categories(frame, list(frame.columns.difference(frame.select_dtypes("number").columns))), y.to_numpy()


def airlines():
    frame = table("airlines/allyears2k_headers.csv.xz", encoding="latin-1", low_memory=False)
    y = frame.IsArrDelayed == "YES"
    columns = ["Year", "Month", "DayofMonth", "DayOfWeek", "UniqueCarrier", "FlightNum", "TailNum", "Origin", "Dest"]
    return OneHotEncoder().fit_transform(frame[columns].astype(str)), y.to_numpy()


def sick():
    frame = table("sick/sick.csv.xz", na_values="?")
    y = frame.pop(frame.columns[-1]) == "sick"
    numbers = frame.select_dtypes("number").columns
    frame[numbers] = frame[numbers].fillna(frame[numbers].median()).fillna(0)
    return with_categories(frame, list(frame.columns.difference(numbers))), y.to_numpy()


def small_categories(name, positive, missing=None):
    frame = table(f"small-uci/{name}", header=None, quotechar="'", na_values=missing)
    y = frame.pop(frame.columns[-1]) == positive
    return with_categories(frame, list(frame.columns.difference(frame.select_dtypes("number").columns))), y.to_numpy()


def mammography():
    unquoted = {6: lambda text: float(text.strip("'"))}
    return table_of_numbers("mammography/mammography.csv.xz", 1, header=None, converters=unquoted)


def madelon():
    stored = scipy.io.loadmat(FOLDER / "madelon/madelon.mat")
    return stored["X"][:2000].astype(float), stored["Y"].ravel()[:2000] > 0


def arcene():
    X = np.loadtxt(FOLDER / "arcene/arcene_train.data.xz")
    return X, np.loadtxt(FOLDER / "arcene/arcene_train_labels.labels") > 0


def expression(name, positive):
    with np.load(FOLDER / name / f"{name}.npz") as stored:
        return StandardScaler().fit_transform(stored["X"].astype(float)), stored["y"] == positive


def json_lines(name):
    with lzma.open(FOLDER / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def tfidf(texts, y):
    options = {"sublinear_tf": True, "dtype": np.float32, "token_pattern": r"(?u)\b\w+\b"}
    return TfidfVectorizer(**options).fit_transform(texts), np.asarray(y)


def reuters21578():
    rows = [row for row in json_lines("reuters21578/reuters21578.jsonl.xz") if row["topics_flag"] == "YES"]
    rows = [row for row in rows if row["lewissplit"] == "TRAIN"]
    return tfidf([f"{row['title']}\n{row['body']}" for row in rows], ["earn" in row["topics"] for row in rows])


def amazon():
    rows = json_lines("amazon-multidomain/amazon-multidomain.jsonl.xz")
    return tfidf([f"{row['title']}\n{row['text']}" for row in rows], [row["label"] == 1 for row in rows])


def movie_reviews():
    rows = json_lines("movie-review-polarity/review_polarity.jsonl.xz")
    return tfidf([row["text"] for row in rows], [row["label"] == 1 for row in rows])


def two_files(first, second, encoding):
    texts, y = [], []
    for label, name in enumerate((first, second)):
        with lzma.open(FOLDER / name, "rt", encoding=encoding, errors="replace") as file:
            lines = file.read().strip().split("\n")
        texts += lines
        y += [bool(label)] * len(lines)
    return tfidf(texts, y)


def sms_spam():
    frame = table("sms-spam/SMSSpamCollection.xz", sep="\t", header=None, quoting=3)
    return tfidf(frame[1], frame[0] == "spam")


def acceptor_sites():
    with bz2.open(FOLDER / "celegans-acceptor/C_elegans_acc_100000.fasta.bz2", "rt") as file:
        lines = file.read().split("\n")
    y = np.array([int(head.rsplit("=", 1)[1]) for head in lines[0::2] if head]) > 0
    code = np.zeros(256, np.int64)
    code[list(b"ACGT")] = range(4)
    letters = np.frombuffer("".join(lines[1::2]).encode(), np.uint8).reshape(len(y), -1)[:, 138:258]
    columns = 4 * np.arange(letters.shape[1]) + code[letters]
    n, entries = columns.shape
    indptr = np.arange(0, n * entries + 1, entries)
    return sp.csr_array((np.ones(n * entries, np.float32), columns.ravel(), indptr), shape=(n, 4 * entries)), y


SETS = {
    "a1a": lambda: svmlight("a1a/a1a.svm.bz2"),
    "a9a": lambda: svmlight("a9a/a9a.svm.bz2"),
    "w8a": lambda: svmlight("w8a/w8a.svm.bz2"),
    "ijcnn1": lambda: svmlight("ijcnn1/ijcnn1.svm.bz2"),
    "phishing": lambda: svmlight("phishing/phishing.svm.bz2"),
    "mushrooms": lambda: svmlight("mushrooms/mushrooms.svm.bz2"),
    "splice": lambda: svmlight("splice/splice.svm.bz2"),
    "svmguide1": lambda: svmlight("svmguide1/svmguide1.svm.bz2"),
    "heart_scale": lambda: svmlight("heart_scale/heart_scale.svm"),
    "german.numer": lambda: svmlight("german.numer/german.numer.svm.bz2"),
    "reuters-money-fx": lambda: svmlight("reuters-money-fx/reuters.trn.svm.bz2"),
    "celegans-acceptor": acceptor_sites,
    "reuters21578": reuters21578,
    "amazon-multidomain": amazon,
    "movie-review-polarity": movie_reviews,
    "rt-polarity": lambda: two_files("rt-polarity/rt-polarity.neg.xz", "rt-polarity/rt-polarity.pos.xz", "utf-8"),
    "subj": lambda: two_files("subj/subj.objective.xz", "subj/subj.subjective.xz", "latin-1"),
    "sms-spam": sms_spam,
    "madelon": madelon,
    "arcene": arcene,
    "colon": lambda: expression("colon", "t"),
    "golub-leukemia": lambda: expression("golub-leukemia", "AML"),
    "higgs-sample": lambda: table_of_numbers("higgs-sample/binary.train.xz", 1, 0, sep="\t", header=None),
    "skin": lambda: table_of_numbers("skin/Skin_NonSkin.txt.xz", 1, columns=[0, 1, 2], sep="\t", header=None),
    "kddcup99-10pct": kddcup99,
    "adult": adult,
    "bank-marketing": bank_marketing,
    "credit-default": lambda: table_of_numbers("credit-default/UCI_Credit_Card.csv.xz", 1, columns=slice(1, None)),
    "airlines": airlines,
    "htru2": lambda: table_of_numbers("htru2/HTRU_2.csv.xz", 1),
    "mammography": mammography,
    "oil-spill": lambda: table_of_numbers("oil-spill/oil-spill.csv.xz", 1, header=None),
    "sick": sick,
    "spambase": lambda: table_of_numbers("spambase/spambase.csv.xz", 1),
    "pima-indians-diabetes": lambda: table_of_numbers("small-uci/pima-indians-diabetes.csv", 1, header=None),
    "haberman": lambda: table_of_numbers("small-uci/haberman.csv", 2, header=None),
    "sonar": lambda: small_categories("sonar.csv", "M"),
    "ionosphere": lambda: small_categories("ionosphere.csv", "g"),
    "breast-cancer-wisconsin": lambda: small_categories("breast-cancer-wisconsin.csv", 4),
    "breast-cancer": lambda: small_categories("breast-cancer.csv", "recurrence-events"),
    "german": lambda: small_categories("german.csv", 2),
    "banknote": lambda: table_of_numbers("small-uci/banknote_authentication.csv", 1, header=None),
    "phoneme": lambda: table_of_numbers("small-uci/phoneme.csv", 1, header=None),
    "breast_cancer of scikit-learn": lambda: load_breast_cancer(return_X_y=True),
}


def load(name):
    X, y = SETS[name]()
    y = np.asarray(y, dtype=float)
    assert 0 < y.mean() < 1
    return X, y


@pytest.fixture(scope="module", params=SETS)
def data(request):
    """One set after the other: each is read once."""
    return load(request.param)


def largest_l1(X, y):
    gradient, _ = smooth_gradient(X, y, np.zeros(X.shape[1]), np.log(y.mean() / (1 - y.mean())))
    return float(np.abs(gradient).max())


def nbytes(X):
    return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes if sp.issparse(X) else X.nbytes


def assert_certified(X, y, result, tol, **penalty):
    gain = one_coordinate_decrease(X, y, result.coef, result.intercept, **penalty)
    assert result.converged, result.message
    assert result.certificate == "gap"
    assert gain <= result.duality_gap <= tol * null_objective(y) + 1e-14


@pytest.mark.parametrize("tol", [1e-6, 1e-9])
def test_l2_reaches_a_certified_optimum(data, tol):
    X, y = data
    result = fit_logistic(X, y, l2=1 / len(y), tol=tol)
    assert result.copied_bytes <= 0.5 * nbytes(X)
    assert_certified(X, y, result, tol, l2=1 / len(y))


@pytest.mark.parametrize("tol", [1e-6, 1e-9])
def test_l1_reaches_a_certified_optimum(data, tol):
    X, y = data
    l1 = largest_l1(X, y) / 20
    result = fit_logistic(X, y, l1=l1, tol=tol)
    assert 0 < np.count_nonzero(result.coef) <= X.shape[1]
    assert_certified(X, y, result, tol, l1=l1)


def test_the_default_estimator_converges_without_a_warning(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    assert model.score(X, y) >= max(y.mean(), 1 - y.mean()) - 0.01
    assert_certified(X, y, model.result_, 1e-6, l2=1 / len(y))


@pytest.mark.parametrize("name", ["a9a", "german.numer", "spambase", "higgs-sample", "colon"])
@pytest.mark.parametrize("l1_share", [0.0, 1.0])
def test_all_layouts_and_precisions_of_a_real_set_agree(name, l1_share, layout):
    X, y = load(name)
    dense = X.toarray() if sp.issparse(X) else X
    strength = largest_l1(X, y) / 20
    penalty = {"l1": strength} if l1_share else {"l2": strength}
    best = fit_logistic(X, y, **penalty, tol=1e-10)
    result = fit_logistic(as_layout(dense, layout), y, **penalty, tol=1e-10)
    assert result.converged
    assert abs(result.objective - best.objective) <= best.duality_gap + result.duality_gap


# --- published tables -------------------------------------------------------------------------------------------------


FORMULAS = {
    "ucla_admissions": ("ucla_admissions", "admit", 1, ["gre", "gpa", "rank:2", "rank:3", "rank:4"]),
    "spector": ("spector", "GRADE", 1, ["GPA", "TUCE", "PSI"]),
    "lbw_full": ("lbw_count", "low", 1, ["age", "lwt", "race:2", "race:3", "smoke", "ptl", "ht", "ui"]),
    "birthwt_hl": ("birthwt", "low", 1, ["age", "lwt", "race:2", "race:3", "ftv"]),
    "saheart": ("saheart", "chd", 1, ["sbp", "tobacco", "ldl", "famhist:Present", "obesity", "alcohol", "age"]),
    "islr_default": ("islr_default", "default", "Yes", ["balance", "income/1000", "student:Yes"]),
    "mroz": ("mroz", "lfp", "yes", ["k5", "k618", "age", "wc:yes", "hc:yes", "lwg", "inc"]),
    "infert": ("infert", "case", 1, ["spontaneous", "induced"]),
    "pima_tr": ("pima_tr", "type", "Yes", ["npreg", "glu", "bp", "skin", "bmi", "ped", "age"]),
}


def column(frame, term):
    """A term of FORMULAS: a column, "column:value" for its indicator, or "column/divisor"."""
    if ":" in term:
        name, value = term.split(":")
        return (frame[name].astype(str) == value).to_numpy(float)
    name, _, divisor = term.partition("/")
    return frame[name].to_numpy(float) / float(divisor or 1)


def reference(case):
    """Coefficients with the constant first, and the log-likelihood."""
    fit = json.loads((FOLDER / "stats-reference/reference_fits.json").read_text())[case]
    return [entry["coef"] for entry in fit["coefficients"].values()], fit["loglik"]


def assert_is_maximum_likelihood(result, case, n):
    coefficients, log_likelihood = reference(case)
    assert result.converged
    np.testing.assert_allclose([result.intercept, *result.coef], coefficients, rtol=1e-5)
    assert -n * result.objective == pytest.approx(log_likelihood, rel=1e-11)


@pytest.mark.parametrize("case", FORMULAS)
def test_published_tables_of_maximum_likelihood_are_reproduced(case):
    file, target, positive, model = FORMULAS[case]
    frame = table(f"stats-reference/{file}.csv")
    X = np.column_stack([column(frame, term) for term in model])
    y = (frame[target] == positive).to_numpy(float)
    assert_is_maximum_likelihood(fit_logistic(X, y, tol=1e-13), case, len(y))


def test_the_table_of_the_o_rings_is_reproduced():
    frame = table("stats-reference/orings_daag.csv")
    X, y = frame[["Temperature"]].to_numpy(float), (frame.Total > 0).to_numpy(float)
    assert_is_maximum_likelihood(fit_logistic(X, y, tol=1e-13), "orings", len(y))


def test_grouped_counts_are_shares_with_weights():
    frame = table("stats-reference/menarche.csv")
    total = frame.Total.to_numpy(float)
    result = fit_logistic(frame[["Age"]].to_numpy(float), frame.Menarche / total, sample_weight=total, tol=1e-13)
    assert_is_maximum_likelihood(result, "menarche_grouped", total.sum())
