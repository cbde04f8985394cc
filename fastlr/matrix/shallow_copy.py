"""Copies that share what their originals refer to."""


def shallow_copy(original, kind=None):
    """An object with the same attributes, of the same class or of `kind`; less ceremony than copy.copy."""
    copied = object.__new__(kind or type(original))
    copied.__dict__.update(original.__dict__)
    return copied
