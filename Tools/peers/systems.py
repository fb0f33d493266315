"""The systems beside each other: how each is started, loaded, measured and asked for its version."""
import os
import re
import shutil
import signal
import socket
import time

from . import machine
from .install import postgres_folder
from .run import Server, SyncCount, call, free_port, measured

REWRITE_SECONDS = 60
# Tests that begin with an empty store.
LOADS = ("batch", "batch2")
EMPTY = ("append1", "append64", "batch", "batch2", "tail")


class System:
    """One system with a store of its own. A test is measured by a client, whatever runs in the background."""

    tests = ("append1", "append64", "batch", "read", "fold", "history", "disk", "tail")
    server = None

    def __init__(self, work):
        self.work = work
        self.folder = os.path.join(work.folder, self.name)
        self.client = work.clients.get(self.name)
        self.syncs = SyncCount(os.path.join(work.folder, self.name + ".syncs"), work.clients["syncs"])
        self.loaded = None

    def measure(self, test):
        """The figures of one test: on an empty store, or on one that holds all events."""
        if test in EMPTY:
            self.reset()
            self.loaded = None
            figures = self.run(test)
            if test in LOADS:
                self.note_load(test)
            return figures
        self.load("batch2" if test in ("history", "disk2") and "batch2" in self.tests else "batch")
        return self.disk() if test in ("disk", "disk2") else self.run(test)

    def note_load(self, how):
        self.loaded = how

    def load(self, how):
        """Sees to it that all events are there."""
        if self.loaded != how:
            self.reset()
            self.run(how)
            self.note_load(how)
        self.settle()

    def run(self, test):
        return measured([self.client, test, self.address, self.work.events_file, self.work.seconds], self.server,
                        self.syncs, self.environment)

    environment = None

    def disk(self):
        """What the files take."""
        return {"bytes": machine.disk_bytes(self.folder)}

    def settle(self):
        """Lets the store finish what it puts off, so that it does not disturb what is measured next."""

    def end(self):
        """Ends what runs in the background."""
        if self.server:
            self.server.end()
            self.server = None

    def fresh_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)


class SQLite(System):
    """In process: the client is the database."""

    name, title = "sqlite", "SQLite"
    tests = tuple(test for test in System.tests if test != "tail")
    settings = ("WAL, synchronous=FULL, a cache of 64 MiB, mmap; columns stream, version, type, time, source, id, "
                "data; UNIQUE(stream, version); 64 writers take turns at one connection")

    @property
    def address(self):
        return os.path.join(self.folder, "events.db")

    @property
    def environment(self):
        return self.syncs.environment

    def version(self):
        return call([self.client, "version"]).strip()

    def reset(self):
        self.fresh_folder()


class Redis(System):
    """One stream `events`; `batch2` has a second stream for each customer, which a history needs."""

    name, title = "redis", "Redis Streams"
    tests = System.tests + ("batch2", "disk2")
    settings = ("appendonly, appendfsync always, no snapshots, no rewriting while measured; XADD events * t TYPE "
                "c SUBJECT d LINE; 1,000 events in MULTI … EXEC; TCP on loopback")

    def version(self):
        return re.search(r"v=(\S+)", call(["redis-server", "--version"]))[1]

    @property
    def address(self):
        return self.port

    def reset(self):
        self.end()
        self.fresh_folder()
        self.port = free_port()
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "appendonly": "yes",
                   "appendfsync": "always", "auto-aof-rewrite-percentage": "0", "daemonize": "no"}
        words = ["redis-server"] + [word for key, value in options.items() for word in ("--" + key, str(value))]
        self.server = Server(words, self.folder + ".log", self.syncs.environment)
        self.server.await_ready(lambda: self.ask("PING").startswith("+PONG"))

    def ask(self, command):
        """The server's answer, or what comes of it at once; nothing if it does not answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(4096).decode(errors="replace")
        except OSError:
            return ""

    def note_load(self, how):
        super().note_load(how)
        self.bytes_before = machine.disk_bytes(self.folder)

    def disk(self):
        """Before and after its log is rewritten, which a server left alone does now and then."""
        self.ask("BGREWRITEAOF")
        end = time.monotonic() + REWRITE_SECONDS
        while "aof_rewrite_in_progress:1" in self.ask("INFO persistence") and time.monotonic() < end:
            time.sleep(0.1)
        return {"bytes": machine.disk_bytes(self.folder), "bytes_before": self.bytes_before}


class Postgres(System):
    """One plain table."""

    name, title = "postgres", "PostgreSQL"
    settings = ("fsync, synchronous_commit and full_page_writes on, shared_buffers=1GB, max_wal_size=4GB; the same "
                "columns, data json; UNIQUE(stream, version); 1,000 events in one binary COPY; TCP on loopback")

    def __init__(self, work):
        super().__init__(work)
        self.bin = postgres_folder()
        # The server refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        self.port = 0

    def version(self):
        return call([self.bin + "/postgres", "--version"]).split()[2]

    @property
    def address(self):
        return self.port

    def start(self):
        self.fresh_folder()
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        data = os.path.join(self.folder, "data")
        call([self.bin + "/initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"],
             user=self.user)
        self.port = free_port()
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "on",
                   "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB", "max_wal_size": "4GB",
                   "max_connections": "100"}
        words = [self.bin + "/postgres", "-D", data]
        words += [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        self.server = Server(words, self.folder + ".log", self.syncs.environment, self.user, signal.SIGINT)
        ready = [self.bin + "/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        self.server.await_ready(lambda: os.spawnv(os.P_WAIT, ready[0], ready) == 0)

    def reset(self):
        if not self.server:
            self.start()
        self.ask("reset")

    def ask(self, what):
        return call([self.client, what, self.port, "-", 0])

    def settle(self):
        self.ask("settle")

    def disk(self):
        return {"bytes": int(self.ask("bytes")), "bytes_with_wal": machine.disk_bytes(self.folder)}
