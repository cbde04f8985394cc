"""How much of X a fit reads and copies."""

import weakref


class Work:
    """How much of X a fit has read, and the most it held in copies; shared by all that is gathered from one matrix.

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
        #: What holds copies, and their bytes.
        self._kept = []

    def keep(self, holder, nbytes):
        """Note a copy that is there as long as its holder: an array, a sparse matrix, an object with either."""
        if nbytes:
            self._kept.append((weakref.ref(holder), nbytes))
            self.hold(0)

    def hold(self, nbytes):
        """Note copies that are let go of at once, beside those that are kept."""
        self._kept = [(holder, size) for holder, size in self._kept if holder() is not None]
        held = self._converted + sum(size for _, size in self._kept)
        self.copied_bytes = max(self.copied_bytes, held + nbytes)

    @property
    def n_passes(self):
        return self.entries_read / max(1, self.nnz)
