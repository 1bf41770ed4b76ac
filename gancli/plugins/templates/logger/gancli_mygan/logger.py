"""The logger of MyGAN: a table in the run's folder."""

import csv

from gancli import Logger, Tick


class MyGAN(Logger):
    """Writes every statistic of every tick to statistics.csv: step, name, value."""

    def tick(self, tick: Tick) -> None:
        """Add the rows of one tick."""
        with (self.run.path / "statistics.csv").open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([tick.step, name, value] for name, value in tick.statistics.items())
