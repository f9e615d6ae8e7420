"""What `import chainrule` must not bring with it."""

import subprocess
import sys

HEAVY = ["matplotlib", "sklearn", "mlxtend", "pandas", "PIL"]
UNWANTED = [*HEAVY, "rich", "typer", "safetensors", "scipy.special", "llvmlite"]


def test_import_brings_nothing_that_a_gradient_does_not_need():
    script = f"import sys, chainrule; print(*[name for name in {UNWANTED} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_commands_start_without_the_heavy_packages():
    script = f"import sys, chainrule.cli; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
