"""Files from strangers: `sample`, `interpolate` and `info` give a picture or our own error, in bounded memory."""

import json
import resource
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from faults.mutants import Mutator
from faults.processes import TRAIN, Command, ended, finished

from gancli.runs.run import Run

MEMORY = 3 * 2**30  # bytes of address space beyond what the imports take
WIDTHS = {"gan": [], "dcgan": ["--arch", "dcgan", "--arch.width", 4], "cgan": ["--arch", "cgan", "--arch.units", 8]}
COMMANDS = [["sample", "x.safetensors", "-n", "2"], ["info", "x.safetensors", "--json"], ["info", "x.safetensors"]]


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=[pytest.mark.endurance, pytest.mark.timeout(3000)])])
def test_mutated_checkpoints_give_our_errors_or_a_picture(count: int, tmp_path: Path) -> None:
    sources = []
    for arch, words in WIDTHS.items():
        (tmp_path / arch).mkdir()
        train = _without(TRAIN, "--arch", "--arch.units", "--arch.d-units") if words else TRAIN
        finished(tmp_path / arch, *train, *words, "--steps", 2, "--name", "mine")
        sources.append(str(Run(tmp_path / arch / "runs" / "mine").latest()))
    command = Command(tmp_path, "--version", before=partial(_try_all, sources, count, tmp_path))
    assert command.end(2900) == 0, command.said[-3000:]
    print("\n" + (tmp_path / "tally.txt").read_text())


def _without(words: list[object], *options: str) -> list[object]:
    """The words without these options and their values."""
    left, skip = [], False
    for word in words:
        if not skip and word not in options:
            left.append(word)
        skip = not skip and word in options
    return left


def _try_all(sources: list[str], count: int, folder: Path) -> None:
    """Give every mutant to every command; whatever is not one clear line of ours ends this process with an error."""
    before = _resident()
    _limited(MEMORY)
    path, tally = folder / "x.safetensors", Counter[str]()
    mutators = [Mutator(Path(source).read_bytes(), seed) for seed, source in enumerate(sources)]
    for number in range(count):
        path.write_bytes(mutators[number % len(mutators)]())
        words = COMMANDS[number % 3]
        try:
            tally[_outcome(words)] += 1
        except BaseException:
            (folder / "guilty.safetensors").write_bytes(path.read_bytes())
            raise
    grown = (_resident() - before) / 1e6
    lines = [f"{amount:>6}  {what}" for what, amount in tally.most_common()]
    (folder / "tally.txt").write_text(f"{count} mutants; peak memory grew by {grown:.0f} MB\n" + "\n".join(lines))
    assert grown < 500


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _outcome(words: list[str]) -> str:
    """What a command did, in the words of its error without what differs from file to file."""
    import io
    from contextlib import redirect_stderr, redirect_stdout

    from gancli.cli import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
    written, said = out.getvalue() + err.getvalue(), err.getvalue().strip()
    assert written.isprintable() or all(line.isprintable() for line in written.splitlines()), repr(written)
    if code:
        assert said.startswith("Error: "), said
        assert len(said.splitlines()) == 1, said
        assert len(said) < 700, said
    return f"{words[0]} {code}: " + " ".join(said.replace("x.safetensors", "").split()[:7])


def forged(folder: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    """A checkpoint whose table and header were changed by somebody who knows how."""
    finished(folder, *TRAIN, "--steps", 2, "--name", "mine")
    whole = Run(folder / "runs" / "mine").latest().read_bytes()
    length = int.from_bytes(whole[:8], "little")
    table = json.loads(whole[8 : 8 + length])
    header = json.loads(table["__metadata__"]["gancli"])
    change(table, header)
    table["__metadata__"]["gancli"] = json.dumps({**header, "format": 1})  # which has no digest of the header
    text = json.dumps(table).encode()
    (folder / "x.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + whole[8 + length :])
    return "x.safetensors"


def test_no_path_in_a_checkpoint_is_followed(tmp_path: Path) -> None:
    path = forged(tmp_path, lambda table, _: table.update({"G_ema./tmp/../x": table.pop("G_ema.last.bias")}))
    before = set(tmp_path.rglob("*"))
    code, said = ended(tmp_path, "sample", path, "-n", 2)
    assert code == 1
    assert "does not fit" in said
    assert set(tmp_path.rglob("*")) == before


def test_a_network_that_the_header_makes_huge_takes_no_memory(tmp_path: Path) -> None:
    def enlarge(_: Any, header: dict[str, Any]) -> None:
        header["settings"]["arch"] |= {"units": 16384, "latent": 65536}
        header["spec"] |= {"height": 2048, "width": 2048}

    code, said = ended(tmp_path, "sample", forged(tmp_path, enlarge), "-n", 2, before=partial(_limited, 2**29))
    assert code == 1
    assert "does not fit the architecture" in said


def _limited(more: int) -> None:
    limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def test_out_of_memory_names_what_to_lower(tmp_path: Path) -> None:
    words = [*TRAIN, "--data.count", 4000, "--steps", 20, "--batch-size", 2_000_000]
    code, said = ended(tmp_path, *words, before=partial(_limited, 2**28))
    assert code == 1, said
    assert "Out of memory on cpu at step 1" in said
    assert "batches of 2,000,000 images of 8 in fp32" in said
    assert "--batch-size 1000000" in said
    assert len(said.strip().splitlines()) == 1
