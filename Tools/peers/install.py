"""What must be on the machine: programs and headers, by apt when missing; the clients, compiled."""
import glob
import os
import pathlib
import shutil
import subprocess

from .failure import Failure

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
POLICY = "/usr/sbin/policy-rc.d"


def postgres_folder():
    """The folder of the newest PostgreSQL server's programs, or None."""
    found = [path for path in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(path + "/initdb")]
    if found:
        return max(found, key=lambda path: float(path.split("/")[-2]))
    beside = shutil.which("initdb")
    return os.path.dirname(beside) if beside else None


def header(*names):
    return any(os.path.exists("/usr/include/" + name) for name in names)


# For each system: a test whether something is there, and the packages that bring it.
NEEDS = {
    "any": [(lambda: shutil.which("gcc") and header("stdio.h"), ["gcc", "libc6-dev"])],
    "touchline": [],
    "sqlite": [(lambda: header("sqlite3.h"), ["libsqlite3-dev"])],
    "redis": [(lambda: shutil.which("redis-server"), ["redis-server"]),
              (lambda: header("hiredis/hiredis.h"), ["libhiredis-dev"])],
    "postgres": [(postgres_folder, ["postgresql"]),
                 (lambda: header("postgresql/libpq-fe.h", "libpq-fe.h"), ["libpq-dev"])],
}

LIBRARIES = {"sqlite": ["-lsqlite3"], "redis": ["-lhiredis"], "postgres": ["-I/usr/include/postgresql", "-lpq"]}


def install(systems, say):
    """Installs what is missing. No service is started, nor will be at the next start of the machine."""
    missing = []
    for system in ["any"] + systems:
        for is_there, packages in NEEDS[system]:
            if not is_there():
                missing += packages
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise Failure("install by hand: " + " ".join(missing))
    say("installing " + " ".join(missing))
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    is_ours = not os.path.exists(POLICY)
    if is_ours:
        # Debian's own way to keep a package from starting its service.
        subprocess.run(sudo + ["sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY} && chmod 755 {POLICY}"])
    try:
        apt = sudo + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        subprocess.run(apt + ["update"], env=environment, stdout=subprocess.DEVNULL)
        done = subprocess.run(apt + ["install", "-y", "--no-install-recommends"] + missing, env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failure("apt-get cannot install " + " ".join(missing) + ": " + done.stderr.strip()[-500:])
    finally:
        if is_ours:
            subprocess.run(sudo + ["rm", "-f", POLICY])
        if shutil.which("systemctl"):
            for unit in ["redis-server", "postgresql"]:
                if any(unit in package for package in missing):
                    subprocess.run(sudo + ["systemctl", "disable", unit], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)


def build(systems, folder):
    """Compiles the clients into `folder`; returns their paths by system, and that of the counter of syncs."""
    built = {}
    for name in [name for name in systems if name in LIBRARIES]:
        built[name] = os.path.join(folder, "client-" + name)
        compile_c([CLIENTS / (name + ".c"), "-o", built[name], "-pthread"] + LIBRARIES[name])
    built["syncs"] = os.path.join(folder, "syncs.so")
    compile_c([CLIENTS / "syncs.c", "-shared", "-fPIC", "-o", built["syncs"], "-ldl"])
    return built


def compile_c(words):
    done = subprocess.run(["gcc", "-O2", "-Wall", "-Wno-unused-function"] + words, capture_output=True, text=True)
    if done.returncode:
        raise Failure("gcc: " + done.stderr.strip()[-2000:])
