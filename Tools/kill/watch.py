"""Sees files come, grow, get their names and go, at once: inotify through the C library."""
import ctypes
import errno
import os
import select
import struct

CREATED, WRITTEN, CLOSED, NAMED, REMOVED = 0x100, 0x2, 0x8, 0x80, 0x200
_HEADER = struct.Struct("iIII")
_library = ctypes.CDLL(None, use_errno=True)


class Watch:
    """Watches folders; each event is (folder, name, mask)."""

    def __init__(self, *folders):
        self.descriptor = _library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        self._folders = {}
        for folder in folders:
            mask = CREATED | WRITTEN | CLOSED | NAMED | REMOVED
            number = _library.inotify_add_watch(self.descriptor, os.fsencode(folder), mask)
            if number < 0:
                raise OSError(ctypes.get_errno(), f"inotify_add_watch {folder}")
            self._folders[number] = folder

    def events(self):
        """What happened since the last call."""
        try:
            data = os.read(self.descriptor, 1 << 16)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return []
            raise
        found, at = [], 0
        while at < len(data):
            number, mask, _, length = _HEADER.unpack_from(data, at)
            at += _HEADER.size
            name = data[at:at + length].split(b"\0", 1)[0].decode()
            at += length
            if number in self._folders:
                found.append((self._folders[number], name, mask))
        return found

    def wait(self, process, count, wants):
        """Returns once so many events came that are wanted (`wants(folder, name, mask)`), or the process has ended."""
        while count > 0 and process.poll() is None:
            select.select([self.descriptor], [], [], 0.01)
            count -= sum(1 for event in self.events() if wants(*event))

    def close(self):
        os.close(self.descriptor)
