"""Train GANs from the terminal. What plugins and scripts need is here, by the stub beside, and imported when used."""

import lazy_loader

from gancli.base import moved

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
moved.install()
