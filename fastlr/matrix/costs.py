"""Prices in passes over X, measured: every choice between algorithms rests on them.

Made by `python -m bench.micro.costs`; ratios, so that they carry over between machines better than seconds do.
"""

#: Dense X' D X: readings of X that packing its rows takes, and per product of two entries.
DENSE_PACKING = 3.0
DENSE_PRODUCT = 0.07
#: Compressed X' D X: readings per product of two entries; by rows (CSR), by pairs of columns (CSC).
CSR_PRODUCT = 0.7
CSC_PRODUCT = 1.0
#: Multiply-adds of a Cholesky factor that take as long as reading one entry of X.
FACTOR_SPEED = 6.0
#: Price of each further column of V in a product X V, in readings of X.
ONE_MORE_COLUMN = 0.1


def product_price(K):
    """Readings of X that a product with K columns is worth."""
    return 1.0 + ONE_MORE_COLUMN * (K - 1)


def factor_price(p, nnz):
    """Passes that the Cholesky factor of a p x p matrix is worth."""
    return p**3 / 3 / (FACTOR_SPEED * nnz)
