import os
import sys

import lonely_tasks
import numpy as np
import pytest

from streamrec.comparison.alone import run_alone
from streamrec.errors import ModelError, SourceOpenError

MIB = 2**20


def told() -> None:
    """Nobody listens."""


def test_the_work_is_done_elsewhere_and_each_step_is_told():
    steps = []
    process = run_alone(lonely_tasks.count, 3, tell=lambda: steps.append(1))
    assert process != os.getpid()
    assert len(steps) == 3


def test_a_result_may_be_none():
    assert run_alone(lonely_tasks.nothing, tell=told) is None


def test_what_the_work_refuses_is_raised_here():
    with pytest.raises(SourceOpenError, match="no such clip"):
        run_alone(lonely_tasks.refuse, "no such clip", tell=told)


def test_a_process_that_dies_is_one_clear_error():
    with pytest.raises(ModelError, match="exit code 9 "):
        run_alone(lonely_tasks.die, 9, tell=told)


@pytest.mark.skipif(sys.platform == "win32", reason="its pipes have whole messages")
def test_a_process_that_dies_in_the_middle_of_a_message_is_the_same_error():
    with pytest.raises(ModelError, match="exit code 9 "):
        run_alone(lonely_tasks.die_while_telling, tell=told)


@pytest.mark.skipif(sys.platform == "win32", reason="needs psutil there")
def test_peak_memory_is_that_of_the_work_and_not_of_the_process_that_waits():
    ours = np.ones(400 * MIB, np.uint8)
    small = run_alone(lonely_tasks.peak_with, 1, tell=told)
    large = run_alone(lonely_tasks.peak_with, 100 * MIB, tell=told)
    assert 10 * MIB < small < ours.nbytes
    assert large - small == pytest.approx(100 * MIB, abs=20 * MIB)
