"""The machine: what it is, how busy it is, and what others use of it meanwhile."""
import os
import platform
import shutil

from .failure import Failure

TICKS = os.sysconf("SC_CLK_TCK")
# Cores that others may use during a measurement before it counts as noisy.
FOREIGN_MAX = 0.2
# A generous guess of what all systems together take of disk and memory.
DISK_BYTES_PER_EVENT = 6000
MEMORY_BYTES_PER_EVENT = 1500


def value_of(path, name):
    """What stands behind `name:` in a file of /proc; None if it does not."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(name):
                return line.split(":", 1)[1].strip()
    return None


def describe(folder):
    """One machine, and the file system of the work folder."""
    memory = int(value_of("/proc/meminfo", "MemTotal").split()[0]) // 1024
    return {
        "processor": value_of("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": memory,
        "kernel": platform.release(),
        "file_system": file_system(folder),
        "load": os.getloadavg()[0],
    }


def file_system(folder):
    """The type of file system that a folder is on."""
    found, kind = "", "unknown"
    folder = os.path.realpath(folder)
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            place, name = line.split()[1:3]
            if len(place) >= len(found) and (folder + "/").startswith(place.rstrip("/") + "/"):
                found, kind = place, name
    return kind


def check_room(folder, events):
    """Refuses before anything is done, rather than fail in the midst of it."""
    if file_system(folder) in ("tmpfs", "ramfs"):
        raise Failure(f"{folder} is in memory, where a sync costs nothing: give --folder on a disk")
    free, need = shutil.disk_usage(folder).free, events * DISK_BYTES_PER_EVENT + (2 << 30)
    if free < need:
        raise Failure(f"{folder} has {free >> 20} MiB free, {need >> 20} MiB may be needed: "
                      "give --folder or less --events")
    free = int(value_of("/proc/meminfo", "MemAvailable").split()[0]) << 10
    need = events * MEMORY_BYTES_PER_EVENT + (1 << 30)
    if free < need:
        raise Failure(f"{free >> 20} MiB of memory are available, {need >> 20} MiB may be needed: give less --events")


def busy_seconds():
    """What all processes together have used of the processors since the machine started."""
    with open("/proc/stat", encoding="utf-8") as file:
        values = [int(word) for word in file.readline().split()[1:]]
    return (sum(values[:3]) + sum(values[5:8])) / TICKS


def tree(pid):
    """A process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as file:
                    waiting += [int(word) for word in file.read().split()]
        except OSError:
            pass
    return found


def used_seconds(pid):
    """What a process, those below it, and those it has waited for have used of the processors."""
    total = 0
    for each in tree(pid):
        try:
            with open(f"/proc/{each}/stat", encoding="utf-8") as file:
                total += sum(int(word) for word in file.read().rsplit(")", 1)[1].split()[11:15])
        except OSError:
            pass
    return total / TICKS


def disk_bytes(folder):
    """What the files of a folder take of the disk."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                pass
    return total
