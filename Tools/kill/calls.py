"""Killing `touchline append` as it enters the n-th call that changes a file, one call after the other."""
import itertools
import os
import shutil

from .rounds import Rounds
from .writer import Writer

CALLS = ["pwrite64", "fdatasync", "fsync", "rename", "unlink", "ftruncate"]
GROUPS = 12


class Calls(Rounds):
    """`strace` sends the signal, so no instant is missed: each thread's first such call, its second, and so on.

    Where there is no `strace`, nothing is done.
    """

    name = "call"
    segment_bytes = [4096, 16384]
    is_possible = shutil.which("strace") is not None

    def __init__(self, *rest):
        super().__init__(*rest)
        self._calls = itertools.cycle(CALLS)
        self._call, self._number = next(self._calls), 0

    def attack(self):
        random, life = self.random, self.life
        self._number += 1
        self.plan = f"{self._call} {self._number}"
        inject = f"inject={self._call}:signal=KILL:when={self._number}"
        words = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={self._call}", "-e", inject]
        groups = [life.maker.group(random.choice([1, 5, 20, 60]), Writer.pipe_bytes_max()) for _ in range(GROUPS)]
        writer = life.send_again(self.repeats() + groups, words)
        if self.kill(writer, None, ends=True):
            self.counts["at " + self._call] += 1
            return True
        # It ended by itself: no thread makes that many such calls.
        self._call, self._number = next(self._calls), 0
        return False

    def is_hit(self, worked, landed):
        return True
