"""A real systemd as process 1 of namespaces of its own, over a copy of this machine's root that is thrown away.

The machine itself stays as it is: what is written there lies in memory. The network is the machine's, so a sandbox is
reached. The program runs from the wheel, in an environment of its own below /opt, as it would be installed for all.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Final

from tests.until import awaited

PROGRAM: Final = "/opt/watchdesk/bin/watchdesk"
_SYSTEMD: Final = next(
    (path for path in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd") if Path(path).exists()), ""
)
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_NAMESPACES: Final = ("--pid", "--mount", "--uts", "--ipc", "--cgroup")

_BOOT: Final = r"""
set -eu
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$PLACE"
cd "$PLACE"
mkdir up work root
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay root
mount -t proc proc root/proc
mount -t sysfs -o ro sysfs root/sys
mount -t cgroup2 cgroup2 root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs root/run
mount -t tmpfs -o mode=1777 tmpfs root/tmp
mount -t tmpfs -o mode=755 tmpfs root/dev
for node in null zero full random urandom tty; do touch root/dev/$node; mount --bind /dev/$node root/dev/$node; done
mkdir root/dev/shm root/dev/pts
mount -t tmpfs -o mode=1777 tmpfs root/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts root/dev/pts
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
mkdir -p root/opt/python root/opt/site
mount --bind "$PYTHON" root/opt/python
mount --bind "$SITE" root/opt/site
cp "$WHEEL" root/run/
: > root/etc/machine-id
: > root/etc/fstab
mount -t tmpfs tmpfs "root$(dirname "$SYSTEMD")/system/sysinit.target.wants"
printf '[Unit]\nRequires=systemd-journald.service dbus.socket\n' > root/etc/systemd/system/test.target
for manager in system user; do
  mkdir -p root/etc/systemd/$manager.conf.d
  printf '[Manager]\nDefaultEnvironment=LD_LIBRARY_PATH=/opt/python/lib\n' > root/etc/systemd/$manager.conf.d/test.conf
done
mkdir root/old
cd root
pivot_root . old
umount -l /old
mount --make-rshared /
exec env -i container=watchdesk-test PATH="$PATH" "$SYSTEMD" --unit=test.target --show-status=no --log-target=null
"""

_INSTALL: Final = r"""
set -eu
/opt/python/bin/python3 -m venv --without-pip /opt/watchdesk
echo /opt/site > "$(echo /opt/watchdesk/lib/python3*/site-packages)/its.pth"
/opt/watchdesk/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --ignore-installed \
  --root-user-action=ignore /run/*.whl
"""


class CannotBoot(Exception):
    """Here no systemd can be started; the text says why."""


class Booted:
    """One such systemd. Raises CannotBoot."""

    def __init__(self, place: Path, wheel: Path) -> None:
        self._group: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() != 0:
            raise CannotBoot("that needs root")
        if not _SYSTEMD or any(shutil.which(word) is None for word in ("unshare", "nsenter", "systemctl")):
            raise CannotBoot("systemd or util-linux is missing")
        groups = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if " cgroup2 " in line]
        if not groups:
            raise CannotBoot("no cgroup2 is mounted")
        self._group = Path(groups[0]) / f"watchdesk-test-{os.getpid()}"
        place.mkdir()
        with open(place.parent / "boot.log", "wb") as log:
            try:
                self._group.mkdir()
                self._process = subprocess.Popen(
                    ["sh", "-c", 'echo $$ > "$0"; exec "$@"', str(self._group / "cgroup.procs"),
                     "unshare", *_NAMESPACES, "--fork", "--kill-child", "sh", "-c", _BOOT],
                    env={
                        "PATH": _PATH,
                        "PLACE": str(place),
                        "PYTHON": sys.base_prefix,
                        "SITE": sysconfig.get_path("purelib"),
                        "SYSTEMD": _SYSTEMD,
                        "WHEEL": str(wheel),
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )  # fmt: skip
            except OSError as error:
                self.close()
                raise CannotBoot(str(error)) from error
        try:
            self._wait(place.parent / "boot.log")
        except BaseException:
            self.close()
            raise

    def __call__(self, *words: str, user: str = "", stdin: str = "", code: int | None = 0) -> str:
        """Run a command in it, as root or as a user whose own manager runs; its standard output."""
        assert self._process is not None
        env = [f"PATH={_PATH}", "LANG=C.UTF-8", "LD_LIBRARY_PATH=/opt/python/lib"]
        if user:
            number = self("id", "-u", user).strip()
            env += [f"HOME=/home/{user}", f"USER={user}", f"XDG_RUNTIME_DIR=/run/user/{number}"]
        done = subprocess.run(
            [
                *("nsenter", "--target", str(self._first()), *_NAMESPACES, "--"),
                *(["runuser", "-u", user, "--"] if user else []),
                *("env", "-i", *env, *words),
            ],
            check=False,
            cwd="/",
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert code is None or done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    def write(self, path: str, text: str) -> None:
        """Write a file in it, readable by its owner alone."""
        self(
            "sh",
            "-c",
            'umask 077; mkdir -p "$(dirname "$0")"; chmod 755 "$(dirname "$0")"; cat > "$0"',
            path,
            stdin=text,
        )

    def close(self) -> None:
        """End all that runs in it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
        if self._group is not None:
            for _ in range(100):
                for path in sorted(self._group.rglob("*/"), reverse=True):
                    with contextlib.suppress(OSError):
                        path.rmdir()
                with contextlib.suppress(OSError):
                    self._group.rmdir()
                if not self._group.exists():
                    return
                time.sleep(0.05)

    def _first(self) -> int:
        """The number, outside, of the process that is number 1 inside."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0])

    def _wait(self, log: Path) -> None:
        """Wait until it has started, then install the program: what lies in a home no service of the system sees."""

        def look() -> str | None:
            assert self._process is not None
            if self._process.poll() is not None:
                raise CannotBoot(log.read_text().strip() or "it ended at once")
            with contextlib.suppress(AssertionError, IndexError, OSError):
                state = self("systemctl", "is-system-running", code=None).strip()
                return state if state in {"running", "degraded"} else None
            return None

        awaited(look, "systemd to be up")
        self("sh", "-c", _INSTALL)
