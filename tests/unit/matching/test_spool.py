"""What does not fit its share of memory comes back from a file as it was."""

import numpy as np

from services.matching.engine.spool import Spool

PAIR = np.dtype([("row", np.int32), ("weight", np.float64)])


def filled(share: int) -> Spool:
    spool = Spool(PAIR, share)
    for begin in range(0, 30_000, 1_000):
        part = np.empty(1_000, PAIR)
        part["row"] = np.arange(begin, begin + 1_000)
        part["weight"] = part["row"] / 7
        spool.append(part)
    return spool


def test_what_is_spilled_reads_as_what_is_held() -> None:
    held, spilled = filled(1 << 20), filled(1 << 16)
    assert (held.spilled, spilled.spilled) == (False, True)
    for begin, end in ((0, None), (0, 10), (9_990, 20_010), (29_999, 40_000)):
        assert np.array_equal(held.read(begin, end), spilled.read(begin, end))


def test_a_spool_may_be_added_to_after_it_was_read() -> None:
    spool = filled(1 << 16)
    spool.read(0, 5)
    spool.append(np.zeros(3, PAIR))
    assert len(spool) == 30_003
    assert spool.read(30_000)["row"].tolist() == [0, 0, 0]
