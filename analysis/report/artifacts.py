"""The report as files for MLflow: the page, and its parts as separate files."""

import json

from analysis.claims import document, rows
from analysis.figures import png
from analysis.report.contents import Contents


def artifacts(contents: Contents, html: bytes) -> dict[str, bytes]:
    """By path: the page, the claims as JSON and CSV, and of each figure the picture with its words and the numbers."""
    claims = document(contents.sweep, contents.states, contents.judgements)
    files = {
        "report.html": html,
        "claims.json": (json.dumps(claims, indent=1) + "\n").encode(),
        "claims.csv": rows(contents.judgements).to_csv(index=False, lineterminator="\n").encode(),
    }
    for picture in contents.pictures:
        files |= {
            f"figures/{picture.name}.png": png(picture.name, picture.data),
            f"figures/{picture.name}.csv": picture.csv,
        }
    return files
