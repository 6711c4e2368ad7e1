"""The report: one page that needs nothing else, says what is missing, and holds every number it shows."""

import base64
import gzip
import html
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analysis.claims import CLAIMS
from analysis.figures import FIGURES
from analysis.report import Contents, gather, page
from analysis.report.page import PLAIN_CSV_BYTES, csv_link
from sweep.spec import SweepSpec
from sweep.store import Store, load
from tests.reported import made

HARMLESS = {"a": {"href"}, "link": {"href"}, "img": {"src"}}
"""Where an address may stand: as data, or as a place on the page."""


class Page(HTMLParser):
    """The page as a test asks it: its ids, its tables' texts, and every address on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.downloads: dict[str, bytes] = {}
        self.text = ""
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.text += " " * (tag in ("td", "th", "p"))
        self.tags.add(tag)
        self.ids |= {given["id"]} if given.get("id") else set()
        self.addresses += [given[name] for name in HARMLESS.get(tag, ()) if given.get(name)]
        if name := given.get("download"):
            self.downloads[name] = base64.b64decode(given["href"].partition("base64,")[2])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def spec() -> SweepSpec:
    return load("demo", ["grid.seed=0..1", "fixed.epochs=6", "fixed.frozen=false"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, spec: SweepSpec) -> Store:
    return made(tmp_path_factory.mktemp("made") / "runs", spec)


def gathered(store: Store, spec: SweepSpec) -> Contents:
    return gather(store, spec.name, str(store.root), lambda what: None)


@pytest.fixture(scope="module")
def contents(store: Store, spec: SweepSpec) -> Contents:
    return gathered(store, spec)


@pytest.fixture(scope="module")
def text(contents: Contents) -> str:
    return page(contents)


def test_the_page_is_alone(text: str) -> None:
    found = Page(text)
    assert "script" not in found.tags
    assert {address.partition(":")[0] for address in found.addresses if not address.startswith("#")} == {"data"}
    assert {address[1:] for address in found.addresses if address.startswith("#")} <= found.ids
    assert not re.findall(r"url\(|@import|<(?:iframe|object|embed|video|audio)", text)


def test_it_says_what_is_missing_and_how_to_go_on(text: str, store: Store, spec: SweepSpec) -> None:
    said = Page(text).text
    total = len(spec.points)
    assert (
        f"Incomplete: {total - 2} of {total} points finished, 1 failed, 1 missing; as of 2026-01-02 03:05 UTC." in said
    )
    assert f"sweep resume demo --store {store.root}" in said
    assert f"Claims: {len(CLAIMS)} undecided, of {len(CLAIMS)}." in said


@pytest.mark.slow
def test_a_complete_sweep_says_so(tmp_path: Path, spec: SweepSpec) -> None:
    said = Page(page(gathered(made(tmp_path, spec, is_complete=True), spec))).text
    assert f"Complete: {len(spec.points)} of {len(spec.points)} points finished" in said
    assert "sweep resume" not in said
    assert "No point has failed." in said


def test_every_claim_is_there_with_its_definition_and_what_it_lacks(text: str, store: Store) -> None:
    found = Page(text)
    for claim in CLAIMS:
        assert f"claim-{claim.number}" in found.ids
        assert claim.statement in found.text
        assert " ".join(claim.definition.split()) in found.text
    assert "Undecided: needs 2 unfinished points (1 failed, 1 missing)." in found.text
    assert f"sweep run isometry --set fixed.dataset=digits --store {store.root}" in found.text


def test_it_says_beside_the_verdicts_which_were_not_asked_of_networks_that_never_learn(
    contents: Contents, text: str
) -> None:
    whole = Page(text).text
    caveat = whole.index("No verdict on claim 1, 2, 3, 7, 8, 9, 12, 13, 14, 15, 18 speaks of learning.")
    assert whole.index("What the papers claim") < caveat < whole.index("1. MLP")
    assert "'grid.frozen=[false, true]'" in whole[caveat:]
    with_twins = replace(contents, judgements=tuple(replace(one, control=None) for one in contents.judgements))
    assert "speaks of learning" not in Page(page(with_twins)).text


def test_every_figure_is_there_with_its_numbers_and_command_or_with_the_reason_why_not(
    text: str, contents: Contents, store: Store
) -> None:
    found = Page(text)
    drawn = {one.name: one for one in contents.pictures}
    assert {*drawn, *contents.not_drawn} == set(FIGURES)
    assert {"fig4a", "learning_curves", "timeline"} <= set(drawn)
    assert "isometry_mi" in contents.not_drawn
    for name, one in drawn.items():
        assert name in found.ids
        assert one.data.caption in found.text
        assert all(warning in found.text for warning in one.data.warnings)
        assert found.downloads[f"{name}.csv"] == one.data.table.to_csv(index=False, lineterminator="\n").encode()
        assert f"sweep figures demo -o out --only {name} --store {store.root}" in found.text
        assert one.png.startswith(b"\x89PNG")
    for reason in contents.not_drawn.values():
        assert reason in found.text


def test_failures_are_grouped_and_what_they_say_is_text(text: str) -> None:
    found = Page(text)
    assert "1 code ValueError: <b>no</b> & never" in found.text
    assert html.escape("<b>no</b>") in text
    assert "<b>" not in text
    assert "Failed attempts of points that have their result all the same: 1 infra." in found.text


def test_it_says_with_what_it_was_computed_and_how_to_do_it_again(text: str, store: Store, spec: SweepSpec) -> None:
    said = Page(text).text
    kept = store.root / "sweeps/demo/spec.yaml"
    for words in ("commit abc", "Keras backend tensorflow", "threads of a trial 1", "host here"):
        assert words in said
    assert f"sweep run {kept} --point {spec.points[0].point_id} --store alone" in said
    assert f"sweep run {kept} --store {store.root}" in said


@pytest.mark.slow
def test_the_same_store_gives_the_same_page(text: str, store: Store, spec: SweepSpec) -> None:
    assert page(gathered(store, spec)) == text


def test_a_sweep_without_a_single_result_has_a_page(tmp_path: Path, spec: SweepSpec) -> None:
    store = Store(tmp_path / "empty")
    store.save_spec(spec.name, spec.to_yaml())
    said = Page(page(gathered(store, spec))).text
    for words in ("No figure can be drawn", "Nothing has been measured yet.", "Nothing has run yet."):
        assert words in said


def test_a_large_table_is_compressed() -> None:
    csv = b"a,b\n" + b"1,2\n" * (PLAIN_CSV_BYTES // 4)
    link = csv_link("wide", csv)
    assert link["file"] == "wide.csv.gz"
    assert gzip.decompress(base64.b64decode(link["href"].partition("base64,")[2])) == csv


@pytest.mark.parametrize("width", [1280, 800])
def test_a_browser_lays_it_out_without_a_break(text: str, tmp_path: Path, width: int) -> None:
    """Nothing sticks out of the page, no table needs to be scrolled. No network is there."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium on this machine")
    probe = (
        "<script>onload = () => { const edge = innerWidth; document.title = [document.documentElement.scrollWidth,"
        "edge, [...document.images].filter(one => !one.naturalWidth).length,"
        "[...document.querySelectorAll('body *')].filter(one =>"
        " one.getBoundingClientRect().right > edge + 1).length].join(' ') }</script>"
    )
    path = tmp_path / "page.html"
    path.write_text(text.replace("</body>", probe + "</body>"))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [chromium, *options, profile, f"--window-size={width},1000", "--dump-dom", path.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500).stdout
    reach, edge, broken_pictures, sticking_out = map(int, re.findall(r"<title>([\d ]+)</title>", dom)[0].split())
    assert edge == width
    assert reach <= width
    assert (broken_pictures, sticking_out) == (0, 0)
