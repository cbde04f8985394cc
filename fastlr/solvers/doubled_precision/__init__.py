"""Steps in doubled precision, for fits of small X that rounding ends: products and gradients as sums of two doubles."""
