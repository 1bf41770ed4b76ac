"""The outcome of a check as one line of text."""

from gancli.base.errors import GanError
from gancli.plugins.blame import blamed
from gancli.plugins.loading import FAULTS, fault_of
from gancli.testing.contract import Broken, Check


def fault_in(check: Check) -> str | None:
    """Run a check, and return what is wrong, where, and what to do; None where it holds."""
    try:
        check()
    except (Broken, GanError) as error:
        return str(error)
    except FAULTS as error:
        blame = blamed(error) if isinstance(error, Exception) else None
        return blame.message if blame else fault_of(error)
    return None
