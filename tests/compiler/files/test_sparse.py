import json
import zipfile

import numpy as np
import pytest
import scipy.sparse

from chainrule import ProgramFileError, grad
from chainrule.compiler import Program
from chainrule.compiler.files.values import Reader, Writer
from chainrule.compiler.program import program_of
from chainrule.scipy.sparse.linalg import spsolve
from chainrule.scipy.sparse.patterns import Pattern

DENSE = np.array([[1.0, 0, 2], [0, 0, 3], [4, 5, 0], [0, 6, 0]])
X = np.array([0.5, -1.0, 2.0])


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("format", ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"])
def test_constant_sparse_arrays_are_kept(tmp_path, format, kind):  # noqa: A002
    A = getattr(scipy.sparse, f"{format}_{kind}")(DENSE)
    made = program_of(grad(lambda x: np.sum(np.sin(A @ x))), (X,), native=False)
    made.save(tmp_path / "sparse")
    found = Program.load(tmp_path / "sparse", native=False)
    np.testing.assert_array_equal(found(X), made(X))
    assert found.graph is not None
    assert made.graph is not None
    np.testing.assert_array_equal(found.graph(X), made.graph(X))


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_the_places_of_entries_are_kept(tmp_path, form):
    A = getattr(scipy.sparse, f"{form}_array")(DENSE[:3] + np.eye(3))
    made = program_of(grad(lambda b: np.sum(spsolve(A, b) ** 3)), (X,), native=False)
    made.save(tmp_path / "sparse")
    found = Program.load(tmp_path / "sparse", native=False)
    assert found.source == made.source
    np.testing.assert_array_equal(found(X), made(X))
    assert found.graph is not None
    assert made.graph is not None
    np.testing.assert_array_equal(found.graph(X), made.graph(X))


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_patterns_of_any_format_are_kept(form):
    pattern = Pattern.of(getattr(scipy.sparse, f"{form}_array")(DENSE))
    writer = Writer()
    found = Reader(writer.arrays).read(writer.write(pattern))
    np.testing.assert_array_equal(
        found.matrix(np.arange(1.0, 7)).toarray(), pattern.matrix(np.arange(1.0, 7)).toarray()
    )


def test_other_classes_of_scipys_are_refused():
    with pytest.raises(TypeError, match="linalg is no sparse array"):
        Reader([]).read({"sparse": ["linalg", [2, 2]]})


def test_indices_out_of_range_are_refused(tmp_path):
    A = scipy.sparse.csr_array(DENSE)
    path = tmp_path / "sparse"
    program_of(lambda x: A @ x, (X,), native=False).save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = json.loads(parts["program.json"])
    (number,) = [
        k
        for k in range(text["arrays"])
        if parts[f"arrays/{k}.npy"].endswith(A.indices.tobytes()) and len(A.indices) == A.nnz
    ]
    wrong = A.indices.copy()
    wrong[0] = 1_000_000
    parts[f"arrays/{number}.npy"] = parts[f"arrays/{number}.npy"][: -wrong.nbytes] + wrong.tobytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with pytest.raises(ProgramFileError, match=r"is damaged \(.*ind"):
        Program.load(path, native=False)
