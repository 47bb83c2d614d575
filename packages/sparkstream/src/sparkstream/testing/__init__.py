"""For tests of this package and of others: made-up records, a spool to read, an annotator whose findings are known, a
kill at a named point.
"""

from __future__ import annotations

from sparkstream.testing.annotator import KnownAnnotator
from sparkstream.testing.kill import KillAt
from sparkstream.testing.spool import write_spool

__all__ = ["KillAt", "KnownAnnotator", "write_spool"]
