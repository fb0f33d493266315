"""Starting, measuring and ending processes: by their ids, whatever happens."""
import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import time

from .failure import Failure
from .machine import FOREIGN_MAX, busy_seconds, used_seconds

# A client that takes longer hangs.
SECONDS_MAX = 900
STOP_SECONDS = 30
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def free_port():
    """A port of 127.0.0.1 that nobody listened on just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def dies_with_us(how):
    """What a child does first: it gets the signal `how` should this process end without ending it."""
    return lambda: LIBC.prctl(PR_SET_PDEATHSIG, how)


class SyncCount:
    """How often processes that were started with `environment` called fsync or fdatasync."""

    def __init__(self, path, library):
        with open(path, "wb") as file:
            file.write(bytes(8))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), 8)
        self.environment = {"LD_PRELOAD": library, "SYNCS_FILE": path}

    @property
    def value(self):
        return int.from_bytes(self._page[:8], "little")


class Server:
    """A server in the background, and what it prints in a file."""

    def __init__(self, words, log, environment, user=None, stop=signal.SIGTERM):
        self.log, self._stop = log, stop
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=dict(os.environ, **environment),
                start_new_session=True, preexec_fn=dies_with_us(stop), **identity)

    @property
    def pid(self):
        return self.process.pid

    def await_ready(self, is_ready, seconds=60):
        """Waits until it answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if is_ready():
                return
            time.sleep(0.02)
        with open(self.log, "rb") as file:
            said = file.read()[-500:].decode(errors="replace").strip()
        raise Failure(f"{os.path.basename(self.process.args[0])} does not answer: {said}")

    def end(self):
        """Ends it, in order if it can be."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


def call(words, environment=None, seconds=SECONDS_MAX, user=None, output=subprocess.PIPE):
    """Runs a program to its end and returns what it printed, if not to a file; it is ended if we are."""
    identity = {"user": user, "group": user, "extra_groups": []} if user else {}
    process = subprocess.Popen(
        [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
        env=dict(os.environ, **(environment or {})), start_new_session=True,
        preexec_fn=dies_with_us(signal.SIGKILL), **identity)
    try:
        printed, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Failure(f"{os.path.basename(str(words[0]))} {words[1]} did not end in {seconds} s") from None
    finally:
        end_politely(process)
    if process.returncode:
        said = said.decode(errors="replace").strip()[-500:]
        raise Failure(f"{' '.join(str(word) for word in words[:4])} ended with {process.returncode}: {said}")
    return printed.decode() if printed is not None else None


def end_politely(process):
    """Ends a process that still runs: first with SIGINT, so that it can put away what it made."""
    if process.poll() is not None:
        return
    for how in (signal.SIGINT, signal.SIGKILL):
        process.send_signal(how)
        try:
            process.wait(5)
            return
        except subprocess.TimeoutExpired:
            pass


def measured(words, server=None, syncs=None, environment=None, read=json.loads):
    """Runs a client; its figures, with the syncs meanwhile and what others used of the processors."""
    server_before = used_seconds(server.pid) if server else 0
    syncs_before = syncs.value if syncs else 0
    own_before = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy_before, began = busy_seconds(), time.monotonic()
    printed = call(words, environment)
    try:
        figures = read(printed)
    except ValueError:
        raise Failure(f"{os.path.basename(str(words[0]))} {words[1]} printed no JSON: {printed[:200]}") from None
    seconds = time.monotonic() - began
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = own.ru_utime + own.ru_stime - own_before.ru_utime - own_before.ru_stime
    used += used_seconds(server.pid) - server_before if server else 0
    figures["foreign"] = round(max(0, (busy_seconds() - busy_before - used) / seconds), 2)
    figures["noisy"] = figures["foreign"] > FOREIGN_MAX
    if syncs:
        figures["syncs"] = syncs.value - syncs_before
    return figures
