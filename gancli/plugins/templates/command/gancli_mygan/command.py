"""The command of MyGAN: `gan mygan`. What takes long to import, such as torch, is imported in the function."""

import click

from gancli import find_checkpoint


@click.command("mygan")
@click.argument("model", metavar="[RUN|CKPT]", required=False)
def command(model: str | None) -> None:
    """Show how many numbers the generator of a run or checkpoint has; the newest run when left out."""
    path = find_checkpoint(model)

    from gancli import TrainedModel

    networks = TrainedModel.load(path, "cpu").networks
    count = sum(parameter.numel() for network in networks.values() for parameter in network.parameters())
    click.echo(f"{path.name}: {count:,} numbers in {', '.join(networks)}")
