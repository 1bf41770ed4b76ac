"""What a check finds, in one line."""

from gancli.base.errors import GanError
from gancli.plugins.blame import blamed
from gancli.plugins.loading import FAULTS, fault_of
from gancli.testing.contract import Broken, Check


def fault_in(check: Check) -> str | None:
    """What is wrong, where, and what to do; None where the check holds."""
    try:
        check()
    except (Broken, GanError) as error:
        return str(error)
    except FAULTS as error:
        blame = blamed(error) if isinstance(error, Exception) else None
        return blame.message if blame else fault_of(error)
    return None
