"""StyleGAN2 for gancli: what this package adds, as names and strings. Nothing is imported until it is used."""

from gancli import Add, hookimpl

gancli_api = 1
PRESET = {"arch": "stylegan2", "loss": "stylegan2"}


@hookimpl
def gancli_register(add: Add) -> None:
    add("architecture", "stylegan2", "gancli_stylegan2.architecture:StyleGAN2", "Styles that modulate (1912.04958).")
    add("loss", "stylegan2", "gancli_stylegan2.loss:StyleGAN2Loss", "Cross-entropy and path length (1912.04958).")
    add("preset", "stylegan2", "gancli_stylegan2:PRESET", "StyleGAN2: styles, noise, R1 and path length.")
