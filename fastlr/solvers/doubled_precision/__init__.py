"""What goes on where rounding ends a fit of small X: products and gradients in doubled precision."""
