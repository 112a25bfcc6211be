#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""figures.py DIR: draws the growth figures of DIR from their CSV files. The same data make the same bytes."""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

COLOURS = {"onevent": "#0b5fa5", "C consumer": "#b3541e"}


@dataclass
class Style:
    title: str
    axis: str
    # Between 1 KiB and 1 MiB everything changes a hundredfold.
    is_logarithmic: bool = False
    # Memory grows with actions and runs, not with the size of an event.
    has_memory: bool = True


STYLES = {
    "growth-body": Style("Events that match nothing, by the size of their bodies", "bytes of a body", True, False),
    "growth-actions": Style("Events that match nothing, by the number of actions", "actions"),
    "growth-pending": Style("Events accepted, by the number of runs already pending", "runs pending before"),
}


def draw(directory):
    # Text stays text; without the salt names inside of the file would be random.
    matplotlib.rcParams.update({"svg.hashsalt": "onevent", "svg.fonttype": "none", "font.family": "sans-serif"})
    for name, style in STYLES.items():
        lines = (directory / f"{name}.csv").read_text().splitlines()
        rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
        figure(rows, style).savefig(directory / f"{name}.svg", metadata={"Date": None}, facecolor="white")


def figure(rows, style):
    panels = [("rate", "events per second"), ("cpu_us", "CPU per event, µs")]
    panels += [("rss_mb", "resident memory, MB")] if style.has_memory else []
    result = Figure(figsize=(9.2 if len(panels) == 2 else 12.6, 3.8), layout="constrained")
    result.suptitle(style.title)
    programs = list(dict.fromkeys(row["program"] for row in rows))
    for index, (axes, (field, label)) in enumerate(zip(result.subplots(1, len(panels)), panels)):
        places = sorted({float(row["at"]) for row in rows})
        highest = {at: max(float(row[field]) for row in rows if float(row["at"]) == at) for at in places}
        for program in programs:
            points = [(float(row["at"]), float(row[field])) for row in rows if row["program"] == program]
            line(axes, points, highest, program, is_named=index == 0 and len(programs) > 1)
        # 0 has no place on a logarithmic axis; it stands as far before the next place as that before its next.
        if places[0] == 0:
            axes.set_xscale("symlog", linthresh=places[1])
        else:
            axes.set_xscale("log")
        axes.set_xticks(places, [size(place) if style.is_logarithmic else short(place) for place in places])
        axes.minorticks_off()
        axes.margins(x=0.09)
        values = [float(row[field]) for row in rows]
        if style.is_logarithmic:
            axes.set_yscale("log")
            axes.set_ylim(min(values) / 2, max(values) * 2)
        else:
            axes.set_ylim(0, max(values) * 1.2)
        axes.yaxis.set_major_formatter(lambda value, _: short(value))
        axes.set_xlabel(style.axis)
        axes.set_ylabel(label)
        axes.grid(axis="y", color="#e0e0e0", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return result


def line(axes, points, highest, program, is_named):
    """One program's values, each with its number beside it: above where no other's is higher, else below."""
    colour = COLOURS[program]
    axes.plot(*zip(*points), marker="o", markersize=4, linewidth=1.5, color=colour)
    for index, (x, y) in enumerate(points):
        is_above = y == highest[x]
        near = {"xy": (x, y), "textcoords": "offset points", "color": colour}
        axes.annotate(short(y), xytext=(0, 7 if is_above else -14), ha="center", fontsize=8, **near)
        if is_named and index == 0:
            axes.annotate(program, xytext=(-9, 19 if is_above else -27), fontsize=9, fontweight="bold", **near)


def short(number):
    for unit, factor in ((" M", 1e6), (" k", 1e3)):
        if number >= factor:
            return f"{number / factor:.3g}{unit}"
    return f"{number:.3g}"


def size(number):
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number >= factor:
            return f"{number / factor:g} {unit}"
    return f"{number:g} B"


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
