"""The capture process against a camera with faults; see also tests/sources/test_process.py."""

import time
from collections import Counter

import pytest

from streamrec.sources.messages import Noticed, Reading, Withheld
from streamrec.sources.process import ReaderProcess, Received
from streamrec.types import Defect


@pytest.mark.parametrize(("transport", "fault"), [("tcp", "corrupt"), ("udp", "loss")])
def test_damage_is_counted_and_withheld_until_the_picture_is_whole_again(cameras, transport, fault):
    server, seen = cameras(), Counter()
    with ReaderProcess(server.url(), transport=transport, reading=Reading(fps=5.0)) as process:
        while not isinstance(process.receive(10), Received):
            pass
        server.do(f"{fault} cam0 0.2")
        _collect(process, seen, lambda: seen["decoder_errors"] and seen[Defect.CORRUPT])
        server.do(f"{fault} cam0 0")
        seen.clear()
        _collect(process, seen, lambda: seen["sound"] > 5)
    assert seen["sound"] > 5


def _collect(process, seen, enough):
    deadline_s = time.monotonic() + 15
    while not enough() and time.monotonic() < deadline_s:
        match process.receive(1):
            case Withheld(defect):
                seen[defect] += 1
            case Noticed() as noticed:
                seen[noticed.count] += noticed.times
            case Received():
                seen["sound"] += 1
    assert enough(), seen
