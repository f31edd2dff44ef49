"""Take the pictures of the documentation: python docs/pictures/take.py (needs Chromium and the test extra)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    """Run the main job on the synthetic population and picture the patterns of its report."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = Path(folder) / "out"
        subprocess.run([sys.executable, "-m", "analyzer", "run", "--out", out], check=True, capture_output=True)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1080, "height": 900})
        page.goto((out / "report.html").as_uri())
        place = Path(__file__).parent
        page.locator("section[aria-labelledby=patterns]").screenshot(path=place / "report.png")
        page.locator("section[aria-labelledby=map]").screenshot(path=place / "map.png")
        page.locator("article.never_single_out").first.screenshot(path=place / "card.png")
        browser.close()


if __name__ == "__main__":
    main()
