"""What has failed is tried again, but not at once."""

import time

import pytest

from gancli.base.retry import Retry


def test_another_try_is_due_only_after_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    retry = Retry(30.0)
    assert (retry.failing, retry.due) == (False, False)
    retry.failed()
    assert (retry.failing, retry.due) == (True, False)
    now = 129.0
    assert not retry.due
    now = 130.0
    assert retry.due
    retry.succeeded()
    assert (retry.failing, retry.due) == (False, False)
