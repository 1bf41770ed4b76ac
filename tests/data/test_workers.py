"""How many processes decode."""

from pathlib import Path

import numpy as np
import pytest
from sources import opened

from gancli.data import workers


def test_windows_starts_no_more_processes_than_it_can_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "x.npy", np.zeros((12, 8, 8), np.uint8))
    records = opened(tmp_path / "x.npy")
    records.here = False
    assert workers.workers_for(records, 256, 1000) == 256
    monkeypatch.setattr(workers, "MOST", 61)
    assert workers.workers_for(records, 256, 1000) == 61
    assert workers.workers_for(records, 4, 1000) == 4
    assert workers.workers_for(records, 0, 1000) == 0
