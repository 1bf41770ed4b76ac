"""The modules of this package that have a public name."""

from . import pictures as pictures
