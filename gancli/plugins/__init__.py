"""The registry of everything that can be named, what is built in, how packages register, and templates of packages.

Imports base.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())
