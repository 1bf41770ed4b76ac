"""The contracts of plugins as tests: `checks("gancli-mygan")` are those of an installed package, or of a folder.

@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check):
    check()
"""

from gancli.base.moved import keep_old_names
from gancli.testing.contract import Broken, Case, Check
from gancli.testing.outcome import Gan, Outcome
from gancli.testing.suite import check_entry, checks

__all__ = ["Broken", "Case", "Check", "Gan", "Outcome", "check_entry", "checks"]

keep_old_names(globals())
