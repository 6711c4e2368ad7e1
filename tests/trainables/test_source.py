"""The identity of the code: what can move a number changes it, words and layout do not."""

from pathlib import Path

import pytest

from trainables.identity import code_sha256

CODE = '"""What."""\n\n\ndef f(x):\n    """Why."""\n    return x + 1\n'


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.py").write_text(CODE)
    (tmp_path / "table.csv").write_text("1,2\n")
    return tmp_path


def identity(package: Path) -> str:
    return code_sha256.__wrapped__(package)


@pytest.mark.parametrize(
    "text",
    [
        CODE.replace("Why.", "Because."),
        CODE.replace("return x + 1", "return x + 1  # one more"),
        CODE.replace("x + 1", "(x+1)"),
        CODE.replace('    """Why."""\n', ""),
    ],
)
def test_words_and_layout_do_not_count(package: Path, text: str) -> None:
    before = identity(package)
    (package / "inner" / "a.py").write_text(text)
    assert identity(package) == before


def test_code_other_files_and_names_count(package: Path) -> None:
    found = [identity(package)]
    (package / "inner" / "a.py").write_text(CODE.replace("+ 1", "+ 2"))
    found.append(identity(package))
    (package / "table.csv").write_text("1,3\n")
    found.append(identity(package))
    (package / "table.csv").rename(package / "other.csv")
    found.append(identity(package))
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert len({*found, identity(package)}) == len(found)


def test_a_function_of_nothing_but_words_is_still_one(package: Path) -> None:
    (package / "inner" / "a.py").write_text('class A(Exception):\n    """Only words."""\n')
    assert identity(package)


def test_this_package_has_one(package: Path) -> None:
    assert len(code_sha256()) == 64
