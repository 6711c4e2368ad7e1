"""Write a figure as PNG, PDF and the CSV behind it; the same data give the same bytes."""

from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing.style import RC
from analysis.figures.model import FigureData
from analysis.files import put

DOTS_PER_INCH = 200
# Dates and versions would make two equal figures differ.
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def write(name: str, data: FigureData, canvas: Canvas, folder: Path) -> list[Path]:
    """NAME.png (200 dpi), NAME.pdf and NAME.csv in `folder`, each replaced as a whole; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {kind: rendered(canvas, kind) for kind in METADATA} | {"csv": csv(data)}
    return [put(folder / f"{name}.{kind}", content) for kind, content in contents.items()]


def csv(data: FigureData) -> bytes:
    """The numbers behind a figure."""
    return data.table.to_csv(index=False, lineterminator="\n").encode()


def rendered(canvas: Canvas, kind: str) -> bytes:
    """The picture as "png" or "pdf"."""
    FigureCanvasAgg(canvas)
    buffer = BytesIO()
    with rc_context(RC):
        canvas.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=METADATA[kind])
    return buffer.getvalue()
