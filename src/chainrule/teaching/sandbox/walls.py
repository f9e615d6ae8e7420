"""What the system is asked to refuse to a student's process on Linux, as data that the process then puts into force.

Two walls need no rights to be raised, and cannot be taken down again by what runs behind them:

- seccomp: a filter on system calls. Refused are the network, other programs and processes, signals to others, reading
  or changing another process, rights and owners of files, larger limits.
- Landlock: reading only Python, its libraries and the student's folder; writing only the temporary folder.
"""

import platform
import struct
import sys
from pathlib import Path

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000  # with the number of an error
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _AT_LEAST, _HAS_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where they stand in what the filter is shown of a call
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000  # calls of another interface of the same processor


# The numbers of system calls on x86_64 and aarch64 (None where there is no such call).
# fmt: off
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "sendto": (44, 206),
    "io_uring_setup": (425, 425),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "tkill": (200, 130),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "setrlimit": (160, 164), "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "keyctl": (250, 219), "reboot": (169, 142),
    "kexec_load": (246, 104), "init_module": (175, 105), "finit_module": (313, 273),
}
# fmt: on
_SIGNALS = {"kill": (62, 129), "tgkill": (234, 131)}  # allowed to oneself
_CLONE = (56, 220)  # allowed for threads
_CLONE3 = 435
_LIMITS = (302, 261)  # prlimit64: allowed for asking
_PROCESSORS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def filter_program(pid: int) -> bytes:
    """Write the filter on system calls for a process, for seccomp; empty where this system has none that is known.

    Parameters
    ----------
    pid : int
        The process, which may send signals to itself.
    """
    if sys.platform != "linux" or platform.machine() not in _PROCESSORS:
        return b""
    kind = list(_PROCESSORS).index(platform.machine())
    allow, refuse = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE | _EPERM)
    processor = _PROCESSORS[platform.machine()]
    program = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, processor), refuse, (_LOAD, 0, 0, _NUMBER)]
    program += [(_AT_LEAST, 0, 1, _X32), refuse]
    # A C library that is told that clone3 is missing uses clone.
    program += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _REFUSE | _ENOSYS)]
    for numbers in _REFUSED.values():
        if (number := numbers[kind]) is not None:
            program += [(_EQUAL, 0, 1, number), refuse]
    unless = [(numbers[kind], 0, _EQUAL, pid) for numbers in _SIGNALS.values()]
    unless += [(_CLONE[kind], 0, _HAS_BITS, _CLONE_THREAD), (_LIMITS[kind], 2, _EQUAL, 0)]
    for number, argument, test, value in unless:
        look = (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
        program += [(_EQUAL, 0, 4, number), look, (test, 0, 1, value), allow, refuse]
    return b"".join(struct.pack("HBBI", *step) for step in [*program, allow])


def readable(folder: Path) -> list[str]:
    """Name the folders and files that a student's process may read: Python, its libraries, and its own folder."""
    system = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/dev/null", "/dev/zero", "/dev/urandom", "/sys/devices/system")
    python = (sys.prefix, sys.base_prefix, *(entry for entry in sys.path if entry.endswith(("-packages", ".zip"))))
    paths = map(Path, (*system, *python, str(folder)))
    return sorted({str(path.resolve()) for path in paths if path.exists()})
