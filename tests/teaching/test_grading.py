import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.teaching.grading import Part, gradescope, write_gradescope

parts = st.lists(st.builds(Part, st.text(max_size=5), st.floats(0, 1), st.text(max_size=5)), max_size=12)


@given(parts, st.floats(0.5, 1000))
def test_points_add_up(given_parts, points):
    found = gradescope(given_parts, "words", points)
    tests = found["tests"]
    assert len(tests) == len(given_parts)
    assert found["score"] == pytest.approx(sum(test["score"] for test in tests), abs=1e-4)
    assert 0 <= found["score"] <= points + 1e-5
    if tests:
        assert sum(test["max_score"] for test in tests) == pytest.approx(points, abs=1e-4)
    assert [test["status"] == "passed" for test in tests] == [part.share == 1 for part in given_parts]
    for test in tests:
        # What the specification of Gradescope's autograder names.
        assert test.keys() == {"name", "score", "max_score", "status", "output", "visibility"}
        assert test["visibility"] in ("hidden", "after_due_date", "after_published", "visible")


def test_it_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "results.json"
    write_gradescope(path, [Part("δ", 1, "Right.")], "All right.", 5)
    assert json.loads(path.read_text("utf-8"))["score"] == 5
    with pytest.raises(InputError, match="no folder"):
        write_gradescope(tmp_path / "missing" / "results.json", [], "")
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
