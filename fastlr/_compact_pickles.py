"""Pickles in which arrays that are mostly zeros take the room of their other entries."""

from dataclasses import dataclass

import numpy as np

#: Bytes of an entry and of its position in a pickle: an array is packed where so many a nonzero entry save room.
_BYTES = 16


@dataclass(frozen=True)
class _Packed:
    """A float64 array by its entries that are not +0.0."""

    shape: tuple
    positions: np.ndarray
    values: np.ndarray

    def array(self):
        out = np.zeros(self.shape)
        out.reshape(-1)[self.positions] = self.values
        return out


class CompactPickles:
    """For classes whose attributes may be large float64 arrays; what comes out of a pickle has the same bits."""

    def __getstate__(self):
        return {name: _packed(value) for name, value in vars(self).items()}

    def __setstate__(self, state):
        vars(self).update(
            {name: value.array() if isinstance(value, _Packed) else value for name, value in state.items()}
        )


def _packed(value):
    if not isinstance(value, np.ndarray) or value.dtype != np.float64:
        return value
    flat = np.ascontiguousarray(value).reshape(-1)
    positions = np.flatnonzero(flat.view(np.int64))
    return value if _BYTES * len(positions) >= flat.nbytes else _Packed(value.shape, positions, flat[positions])
