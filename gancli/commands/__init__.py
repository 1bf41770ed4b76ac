"""One module a command of `gan`; each is imported when its command runs.

Imports everything but `gancli.cli`.
"""
