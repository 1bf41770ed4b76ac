"""The registry of things that have a name, the built-in ones, how packages register theirs, and package templates.

Imports base.
"""

from gancli.base.moved import keep_old_names

keep_old_names(globals())
