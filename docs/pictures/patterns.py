"""Draw the pictures of decision 0013: python docs/pictures/patterns.py [FOLDER]

A synthetic population: the map of patterns as HDBSCAN finds them on eight principal axes and as `UsagePatterns` does,
and how stable each pattern is. Every picture has a text twin in the decision; groups are told by number, not by colour.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
from hdbscan import HDBSCAN
from sklearn.decomposition import PCA

import analyzer
from analyzer.patterns.scaling import Scaling
from analyzer.sessions.synthetic import Population, synthesize

WIDTH, HEIGHT, MARGIN = 460, 380, 30
SHOWN = 1_500  # dots of a map
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" role="img">'
BACKGROUND = '<title>{title}</title><rect width="100%" height="100%" fill="#ffffff"/>'


def panel(points: np.ndarray, labels: np.ndarray, title: str, left: int) -> list[str]:
    """Return one map: a dot a vector, a cross for no pattern, a number where the middle of a pattern is."""
    low, high = np.quantile(points, (0.005, 0.995), axis=0)
    place = (np.clip(points, low, high) - low) / (high - low)
    x = left + MARGIN + place[:, 0] * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - place[:, 1] * (HEIGHT - 3 * MARGIN)
    parts = [f'<text x="{left + MARGIN}" y="22" font-size="14">{title}</text>']
    for at in np.linspace(0, len(points) - 1, SHOWN).astype(int):
        if labels[at] < 0:
            parts.append(f'<path d="M{x[at] - 2:.0f} {y[at] - 2:.0f}l4 4m0 -4l-4 4" stroke="#b04a00" fill="none"/>')
        else:
            shade = 40 + 30 * (labels[at] % 5)
            parts.append(
                f'<circle cx="{x[at]:.0f}" cy="{y[at]:.0f}" r="2" fill="rgb({shade},{shade + 40},{shade + 80})"/>'
            )
    for number in range(labels.max() + 1):
        inside = labels == number
        parts.append(
            f'<text x="{np.median(x[inside]):.0f}" y="{np.median(y[inside]):.0f}" font-size="13" font-weight="bold"'
            f' stroke="#ffffff" stroke-width="3" paint-order="stroke">{number + 1}</text>'
        )
    return parts


def maps(vectors: object, patterns: analyzer.UsagePatterns) -> str:
    """Return the maps before and after."""
    values = vectors.to_numpy()  # type: ignore[attr-defined]
    scaled = np.nan_to_num(Scaling.fit(values, list(vectors.columns)).apply(values))  # type: ignore[attr-defined]
    before = PCA(8, random_state=0).fit_transform(scaled)
    size = max(30, round(0.005 * len(before)))
    labels = HDBSCAN(size, min_samples=10, approx_min_span_tree=False, core_dist_n_jobs=1).fit(before).labels_
    after = PCA(2, random_state=0).fit_transform(np.arcsinh(np.asarray(patterns.transform(vectors))))
    told = (
        f"Before: {labels.max() + 1} patterns, {(labels < 0).mean():.0%} without",
        f"After: {len(patterns.profiles_)} patterns, {(patterns.labels_ < 0).mean():.0%} without",
    )
    title = f"Map of patterns. {told[0]}. {told[1]}."
    parts = [*panel(before[:, :2], labels, told[0], 0), *panel(after, patterns.labels_, told[1], WIDTH)]
    head = HEAD.format(width=2 * WIDTH, height=HEIGHT) + BACKGROUND.format(title=title)
    return "\n".join([head, *parts, "</svg>", ""])


def bars(patterns: analyzer.UsagePatterns) -> str:
    """Return a bar a pattern, with its number and name."""
    rows = []
    for at, profile in enumerate(patterns.profiles_):
        y, value = 40 + 24 * at, profile.stability or 0.0
        name = textwrap.shorten(f"{profile.id}: {profile.name}", 62, placeholder=" ...")
        fill = "#1b5e8c" if value >= 0.6 else "#ffffff"
        rows += [
            f'<text x="10" y="{y + 13}" font-size="12">{name}</text>',
            f'<rect x="420" y="{y}" width="{400 * value:.0f}" height="16" fill="{fill}" stroke="#1b5e8c"/>',
            f'<text x="{428 + 400 * value:.0f}" y="{y + 13}" font-size="12">{value:.2f}</text>',
        ]
    height = 60 + 24 * len(patterns.profiles_)
    title = (
        "Stability of each pattern when other households are drawn; hollow bars are below 0.6, where a person decides"
    )
    line = f'<path d="M{420 + 240} 30V{height - 20}" stroke="#444444" stroke-dasharray="4 3"/>'
    head = HEAD.format(width=900, height=height) + BACKGROUND.format(title=title)
    return "\n".join([head, f'<text x="10" y="20" font-size="13">{title}</text>', *rows, line, "</svg>", ""])


def main() -> None:
    """Write both pictures and print their text twin."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    vectors = analyzer.extract_features(synthesize(Population(3_000, seed=1))[0])
    patterns = analyzer.UsagePatterns().fit(vectors)
    (folder / "patterns-before-after.svg").write_text(maps(vectors, patterns), encoding="utf-8")
    (folder / "stability.svg").write_text(bars(patterns), encoding="utf-8")
    for profile in patterns.profiles_:
        print(f"| {profile.id} | {profile.name} | {profile.stability:.2f} |")


if __name__ == "__main__":
    main()
