"""The report as files for MLflow: the page, and its parts as separate files."""

from analysis.claims import document, files
from analysis.figures import png
from analysis.report.contents import Contents


def artifacts(contents: Contents, html: bytes) -> dict[str, bytes]:
    """By path: the page, the claims as JSON and CSV, and of each figure the picture with its words and the numbers."""
    claims = document(contents.sweep, contents.states, contents.judgements, contents.starts, contents.decisions)
    by_path = {"report.html": html} | files(claims, contents.judgements)
    for picture in contents.pictures:
        by_path |= {
            f"figures/{picture.name}.png": png(picture.name, picture.data),
            f"figures/{picture.name}.csv": picture.csv,
        }
    return by_path
