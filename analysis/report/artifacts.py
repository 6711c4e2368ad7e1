"""The report as the files that MLflow keeps: the page, and what is on it one by one."""

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
    for one in contents.pictures:
        files |= {f"figures/{one.name}.png": png(one.name, one.data), f"figures/{one.name}.csv": one.csv}
    return files
