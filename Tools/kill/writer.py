"""A `touchline append` that is fed requests, answers, and is killed at a chosen instant."""
import collections
import fcntl
import os
import select
import signal
import subprocess
import time

from .command import SECONDS_MAX, demand, kill

# A process that has nothing to do for so long is killed if nothing else has killed it.
IDLE_SECONDS = 0.02
# Shorter waits are not left to the scheduler.
SPIN_SECONDS = 0.0003


class Trigger:
    """When to kill: `delay` seconds after something.

    After the `start`; the `number`-th `answer`, `request` or `file` event that `wants(folder, name, mask)`; the `end`
    of input; or the `growth` of the file at `path`, which is seen while it is still being written.
    """

    def __init__(self, kind, number=0, delay=0.0, wants=None, path=None):
        self.kind, self.number, self.delay, self.wants, self.path = kind, number, delay, wants, path

    def __str__(self):
        return f"{self.delay * 1e6:.0f} µs after {self.kind} {self.number}"


class Writer:
    """One process that appends; what it answers goes to the record."""

    def __init__(self, touchline, record, folder, file=None, words=(), before=()):
        self.record = record
        self.errors = os.path.join(folder, "writer-errors")
        arguments = [*before, *touchline.arguments("append", file or "-", *words)]
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                arguments, bufsize=0, stdout=subprocess.PIPE, stderr=errors,
                stdin=subprocess.DEVNULL if file else subprocess.PIPE)
        self.started = time.monotonic()
        self.answers = self.sent = 0
        self.ended = file is not None
        self._waiting = collections.deque()
        self._states = {}
        self._rest = b""
        self._to_send = collections.deque()
        self._output = self.process.stdout.fileno()
        os.set_blocking(self._output, False)
        if not file:
            os.set_blocking(self.process.stdin.fileno(), False)

    @staticmethod
    def pipe_bytes_max():
        """How much can be written to an empty pipe in one piece, so that it is read as one request."""
        read, write = os.pipe()
        size = fcntl.fcntl(write, fcntl.F_GETPIPE_SZ)
        os.close(read)
        os.close(write)
        return size - 4096

    @property
    def is_working(self):
        """Whether anything that was sent is not answered."""
        return bool(self._waiting) or bool(self._to_send)

    def expect(self, groups):
        """Notes requests that the process was given by other means than its standard input."""
        for group in groups:
            self._note(group)

    def _note(self, group):
        is_first = self.record.send(group)
        self._waiting.extend((event, group, is_first) for event in group)
        self.sent += 1

    def feed(self, groups, is_pipelined):
        """What to send: request by request, or as much as the pipe takes (then no request over `select.PIPE_BUF`)."""
        self._to_send.extend((group, b"".join(event.line() for event in group)) for group in groups)
        self._is_pipelined = is_pipelined

    def run(self, trigger=None, watch=None, signal_number=signal.SIGKILL, ends=False):
        """Feeds and listens until the trigger fires, and sends the signal then.

        Without a trigger: until all is answered, or, if `ends`, until the process has ended. `ends` closes the input
        once all is sent. Returns whether the process was alive and at work when the signal came.
        """
        if trigger and trigger.kind == "growth":
            return self._kill_in_write(trigger)
        due = self.started + trigger.delay if trigger and trigger.kind == "start" else None
        seen, idle, deadline = 0, None, time.monotonic() + SECONDS_MAX
        while due is None or time.monotonic() < due:
            now = time.monotonic()
            demand(now < deadline, "the writer hangs")
            if self.is_working or ends:
                idle = None
            elif trigger is None:
                return False
            else:
                idle = idle or now
                if due is None and now > idle + IDLE_SECONDS:
                    break
            if not self._pump(due, watch, ends):
                return False
            if due is None and trigger:
                seen += self._count(trigger, watch)
                reached = {"answer": self.answers, "request": self.sent, "file": seen, "end": int(self.ended)}
                if reached[trigger.kind] >= max(1, trigger.number):
                    due = time.monotonic() + trigger.delay
        worked = self.is_working or ends
        if self.process.poll() is not None:
            return False
        self.process.send_signal(signal_number)
        return worked

    def _kill_in_write(self, trigger):
        """Kills as soon as the file is seen to grow: nothing may come between but the delay."""
        file = os.open(trigger.path, os.O_RDONLY)
        size, process = os.fstat(file).st_size, self.process.pid
        turns = 0
        while os.fstat(file).st_size <= size:
            turns += 1
            if turns % 1_000 == 0 and self.process.poll() is not None:
                break
        if trigger.delay:
            time.sleep(trigger.delay)
        # Nobody has waited for the process yet, so its number is still its own.
        if self.process.returncode is None:
            os.kill(process, signal.SIGKILL)
        os.close(file)
        return self.process.returncode is None

    def _count(self, trigger, watch):
        return sum(1 for event in watch.events() if trigger.wants(*event)) if watch else 0

    def _pump(self, due, watch, ends):
        """One turn; False once the process has ended."""
        wait = IDLE_SECONDS if due is None else max(0, due - time.monotonic() - SPIN_SECONDS)
        readable, writable = [self._output], []
        if self._to_send and (self._is_pipelined or not self._waiting):
            writable.append(self.process.stdin.fileno())
        elif ends and not self._to_send and not self.ended:
            self.process.stdin.close()
            self.ended = True
        if watch is not None and due is None:
            readable.append(watch.descriptor)
        readable, writable, _ = select.select(readable, writable, [], wait)
        if writable:
            self._send()
        return self._listen() if self._output in readable else True

    def _send(self):
        group, lines = self._to_send[0]
        try:
            written = os.write(self.process.stdin.fileno(), lines)
        except BlockingIOError:
            return
        except BrokenPipeError:
            return
        if written < len(lines):
            # Only if pipes are smaller than they were: the rest follows, and this is no request any more.
            raise OSError(f"a pipe took {written} of {len(lines)} bytes")
        self._to_send.popleft()
        self._note(group)

    def _listen(self):
        """Takes the answers that are there; False at their end."""
        while True:
            try:
                piece = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return True
            if not piece:
                return False
            lines = (self._rest + piece).split(b"\n")
            self._rest = lines.pop()
            for line in lines:
                self._answer(line.decode())

    def _answer(self, line):
        demand(self._waiting, f"an answer to nothing: {line!r}")
        event, group, is_first = self._waiting.popleft()
        fields = line.split("\t")
        demand(len(fields) == 3 and fields[1] == event.id, f"{event.key} was answered with {line!r}")
        self.record.acknowledge(event, int(fields[0]), fields[2], is_first)
        state = self._states.setdefault(id(group), fields[2])
        demand(state == fields[2], f"a part of the request of {group[0].key} was there, and a part was not")
        self.answers += 1

    def wait(self):
        """Reads the last answers and returns the exit status (negative: the signal that ended it)."""
        os.set_blocking(self._output, True)
        self._listen()
        status = self.process.wait()
        self.process.stdout.close()
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        return status

    def finish(self):
        """Lets it end by itself, which it must do well."""
        self.run(ends=True)
        status = self.wait()
        said = open(self.errors, "rb").read().decode(errors="replace")
        demand(status == 0, f"`touchline append` ended with {status}: {said}")
        demand(not self._waiting, f"{len(self._waiting)} events got no answer, and `append` ended well")

    def kill(self):
        kill(self.process)
        self.process.wait()
