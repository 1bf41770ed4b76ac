"""The contracts of plugins as tests: `checks("gancli-mygan")` are those of an installed package, or of a folder.

@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check):
    check()
"""

from gancli.testing.checks import check_entry, checks
from gancli.testing.contract import Broken, Case, Check

__all__ = ["Broken", "Case", "Check", "check_entry", "checks"]
