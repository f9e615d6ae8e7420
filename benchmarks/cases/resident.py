"""The memory of this process, as Linux counts it. Nothing is imported that would take any."""

from pathlib import Path


def peak_memory() -> float:
    """Give the most memory that this process has had, in MB.

    The ru_maxrss of getrusage would count what the process that started this one had, too.
    """
    return _status("VmHWM")


def memory() -> float:
    """Give the memory that this process has now, in MB."""
    return _status("VmRSS")


def page_faults() -> int:
    """Give how often this process has touched a page that it did not have yet."""
    return int(Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[7])


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024
