"""chainrule where llvmlite is not installed: everything works, by NumPy, and that is said once."""

import subprocess
import sys

import numpy as np

from chainrule import compile

WITHOUT = "import sys\nsys.modules['llvmlite'] = None  # to import it now fails as if it were not there\n"

PUBLIC = """
import tempfile, os
import numpy as np
import chainrule
from chainrule import *
from chainrule import compile
from chainrule.compiler import Program
from chainrule.descent import gradient_descent

def cost(W, x, y):
    return 0.5 * np.sum((np.tanh(W @ x) - y) ** 2)

W, x, y = np.eye(2), np.array([0.5, -0.5]), np.zeros(2)
made = {
    "value_and_grad": compile(value_and_grad(cost)),
    "hessian": compile(hessian(cost)),
    "jacobian": compile(jacobian(lambda W, x, y: np.tanh(W @ x) - y)),
    "jvp": compile(lambda W, x, y: jvp(cost, (W, x, y), (W, x, y))),
    "rows": compile(lambda W, x, y: np.sort(W[[1, 0]], axis=0) + np.linalg.inv(W + 3)),
}
for name, f in made.items():
    f(W, x, y)
assert not made["hessian"].program(W, x, y).native
assert "by NumPy" in repr(made["hessian"].program(W, x, y))
np.testing.assert_allclose(made["hessian"](W, x, y), hessian(cost)(W, x, y), atol=1e-12)

def last(rain):
    return scan(lambda level, drop: (0.9 * level + np.tanh(drop), level), 0.0, rain)[0]

loop = compile(grad(last))
np.testing.assert_allclose(loop(np.zeros(3)), [0.81, 0.9, 1.0])
print(len(loop.program(np.zeros(3)).timings(np.zeros(3))) > 0)

path = os.path.join(sys.argv[1], "loop.program")
loop.program(np.zeros(3)).save(path)
np.testing.assert_allclose(Program.load(path)(np.zeros(3)), [0.81, 0.9, 1.0])

random = np.random.default_rng(0)
images, labels = random.random((60, 4)), random.integers(0, 2, 60)
network = Network([4, 3, 2], seed=0)
history = network.fit(images, labels, epochs=2, progress=False)
assert (history.compiled, history.note) == (False, "llvmlite is not installed")
network.predict(images), network.accuracy(images, labels)
try:
    loop.program(np.zeros(3)).llvm
except InputError as error:
    print("llvmlite" in str(error))
assert not any(name.startswith("llvmlite.") for name in sys.modules)
print("done")
"""

TRAIN = """
from chainrule.cli import main
sys.argv = ["chainrule", "train", "--epochs", "1", "--batch", "1000"]
main()
"""


def run(script, *arguments, folder):
    """Run a script, and return what it printed, and what it was warned of."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + script, *arguments], capture_output=True, text=True, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_the_public_functions_run_and_one_warning_says_why_they_are_slow(tmp_path):
    printed, warned = run(PUBLIC, str(tmp_path), folder=tmp_path)
    assert printed.split() == ["True", "True", "done"]
    assert warned.count("NativeCodeWarning") == 1
    assert "For speed, run `pip install llvmlite`." in warned


def test_a_training_alone_says_it_as_well(tmp_path):
    script = "import numpy as np\nfrom chainrule import Network\nn = Network([2, 2], seed=0)\n"
    fits = "n.fit(np.ones((4, 2)), np.array([0, 1, 0, 1]), epochs=1, batch_size=2, progress=False)\n" * 2
    printed, warned = run(script + fits, folder=tmp_path)
    assert printed == ""
    assert warned.count("NativeCodeWarning: llvmlite is not installed") == 1


def test_a_program_from_elsewhere_runs(tmp_path):
    made = compile(lambda x: np.cumsum(np.sin(x)) / np.sum(x)).program(np.ones(5))
    made.save(tmp_path / "made.program")
    script = (
        "import warnings\nwarnings.simplefilter('ignore')\nimport numpy as np\nfrom chainrule.compiler import Program\n"
        "print(*Program.load('made.program')(np.arange(1.0, 6)).tolist())"
    )
    printed, _ = run(script, folder=tmp_path)
    np.testing.assert_allclose([float(word) for word in printed.split()], made(np.arange(1.0, 6)), rtol=1e-14)


def test_the_command_trains_and_says_how_it_would_be_faster(tmp_path):
    printed, warned = run(TRAIN, folder=tmp_path)
    assert printed.count("For speed: pip install llvmlite.") == 1
    assert "(not compiled: llvmlite is not installed) and written to network.safetensors." in printed
    assert "Warning" not in warned
