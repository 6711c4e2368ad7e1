"""An address that carries a login is refused without repeating it; every other address is taken as it is."""

from pathlib import Path

import pytest

from sweep.errors import UsageError
from sweep.tracking.settings import database_file, without_login


@pytest.mark.parametrize(
    "address",
    [
        "http://ada:s3cret@127.0.0.1:5000",
        "https://s3cret@tracking.example.org/mlflow",
        "HTTPS://ada:s3cret@tracking.example.org",
        "postgresql://ada:s3cret@localhost/mlflow",
        "postgresql+psycopg://ada:s3/cret?@localhost/mlflow",
        "postgresql://localhost/mlflow?user=ada&password=s3cret",
        "mysql+pymysql://:s3cret@localhost/mlflow",
        "https://tracking.example.org?token=s3cret",
    ],
)
def test_a_login_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError, match="set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD") as raised:
        without_login(address)
    assert "cret" not in str(raised.value)
    assert "ada" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "http://127.0.0.1:5000",
        "https://tracking.example.org:443/mlflow@home",
        "postgresql+psycopg://ada@localhost:5432/mlflow",
        "postgresql+psycopg://ada@/mlflow?host=/run/postgresql",
        "sqlite:////home/ada/a:b@c/mlflow.db",
        "databricks://profile",
    ],
)
def test_other_addresses_are_taken_as_they_are(address: str | None) -> None:
    assert without_login(address) == address


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("sqlite:////home/ada/mlflow.db", Path("/home/ada/mlflow.db")),
        ("sqlite:///mlflow.db", Path("mlflow.db")),
        ("sqlite:///", None),
        ("postgresql:///mlflow.db", None),
        ("http://127.0.0.1:5000/sqlite:///x.db", None),
    ],
)
def test_only_an_address_of_sqlite_is_that_of_a_file(address: str, file: Path | None) -> None:
    assert database_file(address) == file
