"""The charts of the benchmark pages, from the records in bench/results: `python -m bench.tables.charts`.

One bar a race: the fastest peer's time over ours, from 1 on, to the right where we are ahead and to the left where we
are behind.  Each chart is an SVG for light pages and one for dark pages, of the same numbers.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import CHECKOUT
from bench.harness.plots import without_display
from bench.peers import OURS
from bench.tables import class_table
from bench.tables.regime_list import REGIMES, Regime
from bench.tables.regime_table import STRICT, best_peer, ratio, read, worst

IMAGES = CHECKOUT / "docs" / "images"
PACKAGES = {
    "sklearn": "scikit-learn",
    "intelex": "scikit-learn-intelex",
    "liblinear": "LIBLINEAR",
    "snapml": "snapml",
    "skglm": "skglm",
}
KINDS = {"l2": "L2", "l1": "L1", "enet": "elastic net"}


@dataclass(frozen=True)
class Bar:
    """One race: its name, the fastest peer's time over ours, who that is, and whether it did not get there in time."""

    label: str
    ratio: float
    peer: str
    out_of_time: bool = False

    @property
    def note(self) -> str:
        """The words beside the bar: the ratio and who gave it."""
        return f"{'> ' if self.out_of_time else ''}{self.ratio:.1f}  {self.peer}"


@dataclass(frozen=True)
class Colours:
    """The colours of one kind of page."""

    text: str
    grid: str
    ahead: str
    behind: str


PAGES = {
    "light": Colours("#323232", "#d0d0d0", "#0a7d91", "#c2571a"),
    "dark": Colours("#ced6dd", "#48566b", "#3fb1c5", "#f0955a"),
}


def package(peer: str) -> str:
    """The name of the package behind a peer: liblinear-s0-m is LIBLINEAR."""
    name = peer.split("-")[0]
    return PACKAGES.get(name, name)


def regime_bar(regime: Regime, record: dict) -> Bar:
    """The lower of the ratios at the two strict targets."""
    target = min(STRICT, key=lambda target: ratio(record, target))
    peer = best_peer(record, target)
    strength = "" if regime.group == "real" else f" {'C=' if regime.kind == 'l2' else '/'}{regime.value:g}"
    label = f"{regime.problem}, {KINDS[regime.kind]}{strength}"
    return Bar(label, worst(record), package(peer[0]) if peer else "nobody")


def class_bar(record: dict) -> Bar:
    """The ratio of the fastest peer that reached the target; where none did, of the one that ran shortest."""
    ours, _ = class_table.seconds(record["peers"][OURS])
    found = {name: class_table.seconds(peer) for name, peer in record["peers"].items() if name != OURS}
    in_time = {name: times for name, times in found.items() if times[1]}
    name, (theirs, reached) = min((in_time or found).items(), key=lambda item: item[1])
    label = record["name"].replace("-multinomial", "").replace("-C-1", "")
    return Bar(label, theirs / ours, package(name), not reached)


def charts() -> dict[str, list[Bar]]:
    """Title and bars of each chart by the stem of its files."""
    raced = [(regime, record) for regime in REGIMES if (record := read(regime)) is not None]
    return {
        "races-real": [regime_bar(*race) for race in raced if race[0].group == "real"],
        "races-generated": [regime_bar(*race) for race in raced if race[0].group in ("l2", "l1", "enet")],
        "races-intercept": [regime_bar(*race) for race in raced if race[0].group == "intercept"],
        "races-classes": [class_bar(record) for record in class_table.read()],
    }


def draw(bars: list[Bar], colours: Colours, file: Path) -> None:
    """Bars by length, the longest on top, on a logarithmic axis."""
    pyplot = without_display()
    bars = sorted(bars, key=lambda bar: bar.ratio)
    figure, axes = pyplot.subplots(figsize=(5.4, 0.9 + 0.25 * len(bars)), layout="constrained")
    shades = [colours.ahead if bar.ratio >= 1 else colours.behind for bar in bars]
    axes.barh(range(len(bars)), [bar.ratio - 1 for bar in bars], left=1, height=0.62, color=shades)
    for height, bar in enumerate(bars):
        axes.annotate(
            bar.note, (max(bar.ratio, 1), height), (4, 0), textcoords="offset points", va="center", color=colours.text
        )
    axes.set_xscale("log")
    axes.set(xlim=(min(0.7, 0.9 * bars[0].ratio), 6 * bars[-1].ratio), ylim=(-0.7, len(bars) - 0.3))
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20) if axes.get_xlim()[0] <= tick <= 1.2 * bars[-1].ratio]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], color=colours.text)
    axes.set_xticks([], minor=True)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars], color=colours.text)
    axes.set_xlabel("fastest other library's time / fastlr's time", color=colours.text)
    first = sum(bar.ratio >= 1 for bar in bars)
    axes.set_title(f"fastlr is first in {first} of {len(bars)} races", color=colours.text, fontsize=12)
    axes.grid(axis="x", color=colours.grid, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.axvline(1, color=colours.text, linewidth=1)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.savefig(file, transparent=True, metadata={"Date": None})
    pyplot.close(figure)


def main() -> None:
    """Write all charts, and say how far the ratios go."""
    argparse.ArgumentParser(prog="python -m bench.tables.charts", description=__doc__.splitlines()[0]).parse_args()
    without_display().rcParams.update({"font.size": 10.5, "svg.fonttype": "none", "svg.hashsalt": "fastlr"})
    for name, bars in charts().items():
        for page, colours in PAGES.items():
            draw(bars, colours, IMAGES / f"{name}-{page}.svg")
        ratios = [bar.ratio for bar in bars]
        print(f"{name}: {len(bars)} races, ratio {min(ratios):.2f} to {max(ratios):.2f}, median {median(ratios):.2f}")


if __name__ == "__main__":
    main()
