"""The peers by name.  Importing this package imports none of their libraries."""

from __future__ import annotations

from bench.peers import celer, fastlr, glmnet, glum, intelex, liblinear, skglm, sklearn, snapml
from bench.peers.base import Peer

_MODULES = (fastlr, sklearn, intelex, liblinear, snapml, celer, skglm, glum, glmnet)
PEERS: dict[str, type[Peer]] = {peer.name: peer for module in _MODULES for peer in module.PEERS}
OURS = "fastlr"
