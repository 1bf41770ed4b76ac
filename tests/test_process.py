"""What a process settles before it computes."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
import numpy as np
from gancli.compute.process import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
for turn in range(20):
    if turn == 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(20 << 17) for _ in range(8)]  # 20 MiB each
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(way: str, **environment: str) -> int:
    words = [sys.executable, "-c", SCRIPT, way]
    return int(subprocess.run(words, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is where it matters")
def test_memory_that_was_freed_is_not_fetched_from_the_system_again() -> None:
    kept, as_it_is = faults("kept"), faults("as it is")
    assert kept < as_it_is / 10
    # Who sets a variable of the C library's own means it.
    assert faults("kept", MALLOC_TRIM_THRESHOLD_="100000") > as_it_is / 10
