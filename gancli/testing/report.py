"""What a check finds, in one line."""

from gancli.admission import FAULTS, fault_of
from gancli.blame import blamed
from gancli.errors import GanError
from gancli.testing import Broken, Check


def fault_in(check: Check) -> str | None:
    """What is wrong, where, and what to do; None where the check holds."""
    try:
        check()
    except (Broken, GanError) as error:
        return str(error)
    except FAULTS as error:
        told = blamed(error) if isinstance(error, Exception) else None
        return told.message if told else fault_of(error)
    return None
