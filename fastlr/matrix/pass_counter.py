"""Readings and copies of X that a fit makes."""

import weakref


class PassCounter:
    """Entries of X that a fit has read, and the most bytes of X it had in copies; one for all that is made of a matrix.

    Parameters
    ----------
    nnz : int
        Stored entries of X.
    converted : int
        Bytes of copies that live as long as the fit.
    """

    def __init__(self, nnz, converted=0):
        self.nnz = nnz
        self.entries_read = 0
        #: The most bytes of copies at one time.
        self.copied_bytes = converted
        self._converted = converted
        #: (weak reference to what owns a copy, its bytes) of each copy.
        self._copies = []

    def note_copy(self, holder, nbytes):
        """Note a copy that lives as long as its holder: an array, a sparse matrix, an object with either."""
        if nbytes:
            self._copies.append((weakref.ref(holder), nbytes))
            self.note_temporary(0)

    def note_temporary(self, nbytes):
        """Note a copy that is let go of at once, beside those that are alive."""
        self._copies = [(holder, size) for holder, size in self._copies if holder() is not None]
        alive = self._converted + sum(size for _, size in self._copies)
        self.copied_bytes = max(self.copied_bytes, alive + nbytes)

    @property
    def n_passes(self):
        return self.entries_read / max(1, self.nnz)
