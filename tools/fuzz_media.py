"""Read damaged media files and see whether anything but a FommError comes out.

    uv run python tools/fuzz_media.py --mutants 2000 --seed 313
    uv run python tools/fuzz_media.py --seed 313 --only 1234 --keep DIR

Mutant N of a seed is always the same file (with the same libraries). Each is probed, ten of its
frames and its sound are decoded, and it is read as a picture and as a motion template, in a
process of its own that is kept for the next one. It fails where another error is raised, the
process dies, it takes more than 20 s, or more than 1 GB.
"""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from fomm_core import MotionTemplate, VideoReader, VideoWriter, read_image
from fomm_core.errors import FommError
from fomm_core.video import AudioClip
from media_mutations import mutate
from media_seeds import make_seeds

FRAMES = 10
SECONDS_ALLOWED = 20
MEGABYTES_ALLOWED = 1000
_UNIT = 2**20 if sys.platform == "darwin" else 2**10  # of getrusage's sizes, in a MB


@dataclass(frozen=True)
class Mutant:
    """A damaged file.

    Attributes:
        number: it is drawn by this and the seed.
        origin: name of the file that was damaged.
        damage: names of what was done to it.
        content: the file.
    """

    number: int
    origin: str
    damage: str
    content: bytes

    def write(self, folder: Path) -> Path:
        """Write it under its number and the name of its origin."""
        path = folder / f"{self.number}-{self.origin}"
        path.write_bytes(self.content)
        return path


@dataclass(frozen=True)
class Outcome:
    """Reading of a mutant.

    Attributes:
        fault: what is wrong in words, or a traceback; ``None`` where nothing is.
        megabytes: most memory taken for it and those before it in the same process.
        seconds: taken.
    """

    fault: str | None
    megabytes: float = 0.0
    seconds: float = 0.0


def make_mutant(seeds: dict[str, bytes], seed: int, number: int) -> Mutant:
    """Draw mutant ``number``; successive ones are of successive files."""
    origin = list(seeds)[number % len(seeds)]
    content, damage = mutate(seeds[origin], Random(f"{seed}/{number}"))
    return Mutant(number, origin, damage, content)


def find_fault(path: Path) -> str | None:
    """Read a file in every way; return the traceback of what is no FommError."""
    for read in (_decode, _copy_sound, read_image, MotionTemplate.load):
        try:
            read(path)
        except FommError:
            continue
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            return traceback.format_exc()
    return None


def _decode(path: Path) -> None:
    for _ in islice(VideoReader(path), FRAMES):
        pass


def _copy_sound(path: Path) -> None:
    rate = Fraction(25)
    target = path.with_name("sound.mkv")
    with VideoWriter(target, rate, audio=AudioClip(path)) as writer:
        for _ in range(FRAMES):
            writer.write(np.zeros((16, 16, 3), np.uint8))
    target.unlink()


def serve(connection: Connection, find: Callable[[Path], str | None]) -> None:
    """Read the files whose paths arrive, and send outcomes back."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    before = _peak_megabytes()
    while True:
        fault = find(connection.recv())
        connection.send(Outcome(fault, _peak_megabytes() - before))


def _peak_megabytes() -> float:
    """Most memory that this process, or a program that it called, has held."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / _UNIT


class Worker:
    """A process that reads files; a new one takes its place after a failure.

    Args:
        find: reads a file, and tells what is wrong.
        seconds: allowed for one.
    """

    def __init__(
        self, find: Callable[[Path], str | None] = find_fault, seconds: float = SECONDS_ALLOWED
    ) -> None:
        self._find = find
        self._seconds = seconds
        self._start()

    def read(self, path: Path) -> Outcome:
        """Have a file read."""
        begin = time.monotonic()
        outcome = replace(self._outcome_of(path), seconds=time.monotonic() - begin)
        if outcome.fault is None and outcome.megabytes > MEGABYTES_ALLOWED:
            outcome = replace(outcome, fault=f"took {outcome.megabytes:.0f} MB")
        if outcome.fault is not None:
            self.close()
            self._start()
        return outcome

    def _outcome_of(self, path: Path) -> Outcome:
        try:
            self._connection.send(path)
            if not self._connection.poll(self._seconds):
                return Outcome(f"took more than {self._seconds} s")
            outcome: Outcome = self._connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            return Outcome(f"the process died with exit code {self._process.exitcode}")
        return outcome

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, self._find), daemon=True)
        self._process.start()
        other.close()


def read_all(
    mutants: Iterable[Mutant], keep: Path | None = None
) -> Iterator[tuple[Mutant, Outcome]]:
    """Read mutants one by one; ``keep`` takes the files of those that fail."""
    with TemporaryDirectory() as folder, closing(Worker()) as worker:
        for mutant in mutants:
            path = mutant.write(Path(folder))
            outcome = worker.read(path)
            path.unlink()
            if outcome.fault is not None and keep is not None:
                mutant.write(keep)
            yield mutant, outcome


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Read damaged media files.")
    parser.add_argument("--mutants", type=int, default=2000, help="number of files (%(default)s)")
    parser.add_argument("--seed", type=int, default=313, help="draws the damage (%(default)s)")
    parser.add_argument("--only", type=int, metavar="N", help="read mutant N alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write what fails there")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Read the mutants; return 1 where one failed."""
    asked = _parsed(arguments)
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    numbers = range(asked.mutants) if asked.only is None else [asked.only]
    seeds = make_seeds()
    outcomes: dict[int, Outcome] = {}
    with tqdm(numbers, unit="file") as bar:
        mutants = (make_mutant(seeds, asked.seed, number) for number in bar)
        for mutant, outcome in read_all(mutants, asked.keep):
            outcomes[mutant.number] = outcome
            if outcome.fault is not None:
                told = outcome.fault.strip()
                told = told.rpartition("\n")[2] if asked.only is None else told
                bar.write(f"{mutant.number} ({mutant.origin}: {mutant.damage}): {told}")
    print(f"{len(numbers)} mutants of {len(seeds)} files, seed {asked.seed}: {_summary(outcomes)}")
    failed = [number for number, outcome in outcomes.items() if outcome.fault is not None]
    if failed:
        print(f"failing: {' '.join(map(str, failed))}")
        print(f"for one: {sys.argv[0]} --seed {asked.seed} --only {failed[0]} --keep DIR")
    return 1 if failed else 0


def _summary(outcomes: dict[int, Outcome]) -> str:
    failed = sum(outcome.fault is not None for outcome in outcomes.values())
    slowest = max((outcome.seconds for outcome in outcomes.values()), default=0)
    largest = max((outcome.megabytes for outcome in outcomes.values()), default=0)
    return f"{failed} failed; at most {slowest:.1f} s and {largest:.0f} MB for one"


if __name__ == "__main__":
    sys.exit(main())
