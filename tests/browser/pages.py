"""A notebook as somebody sees it in JupyterLab."""

import json
import re
from pathlib import Path

import course

SHOTS = course.ROOT / "runs/browser"
WIDTH, HEIGHT, LONG = 1024, 768, 2400  # of the window; the last one for pictures of it
MOMENT, HOURS = 120_000, 7_200_000  # milliseconds: until a page answers, until a notebook has run
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

# What is looked for in a page
PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
WRONG = re.compile(r"Traceback \(most recent call last\)|Warning: ")
MAP = f"{PANEL} .vega-embed canvas"
TIP = "#vg-tooltip-element.visible"

# What is asked of it
SHOWN = "window.jupyterapp?.shell?.currentWidget"  # undefined until JupyterLab is there
KERNEL = f"{SHOWN}?.sessionContext"
IDLE = f"{KERNEL}?.isReady && {KERNEL}.kernelDisplayStatus === 'idle'"
CELLS = f"{SHOWN}?.content?.widgets"
COUNT = f"{SHOWN}.content.activeCell.model.executionCount"
DRAWN = f"document.querySelectorAll('{PANEL} .jp-Cell').length === {CELLS}?.length"
WAITING = f"{CELLS}.filter(cell => cell.model.executionState === 'running').length"
THEME = "name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
PICTURES = f"""[...document.querySelectorAll('{PANEL} .jp-Cell img')].map(
    img => [img.alt, img.naturalWidth, img.clientWidth, img.clientHeight])"""
WIDE = f"""[...document.querySelectorAll(
    '{PANEL} .jp-OutputArea-output, {PANEL} .jp-MarkdownOutput, {PANEL} .jp-MarkdownOutput pre')
].filter(part => part.scrollWidth > part.clientWidth + 1).map(
    part => `${{part.scrollWidth}} in ${{part.clientWidth}}: ${{part.innerText.slice(0, 80)}}`)"""
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
POINTS = """canvas => {
    const {width, height, clientWidth} = canvas, found = [];
    const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    for (let at = 0; at < width * height; at += 1) {
        const colours = [...data.slice(4 * at, 4 * at + 3)];
        if (Math.max(...colours) - Math.min(...colours) > 60)  // no black, white or grey
            found.push([at % width, Math.floor(at / width)].map(n => n * clientWidth / width));
    }
    return found;
}"""  # where a map is coloured, in pixels


class Seen:
    """A notebook as somebody sees it in a window of 1024 x 768."""

    def __init__(self, chromium, address: str, file: Path):
        self.chromium, self.address, self.file = chromium, address, file
        self.faults, self.page = [], None

    def open(self) -> None:
        """Open the notebook in a new page; wait until all is drawn and its kernel is idle."""
        if self.page:
            self.page.close()
        self.page = self.chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        self.page.set_default_timeout(MOMENT)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(f"{self.address}/lab/tree/work/{self.file.name}?reset")
        self.page.wait_for_function(IDLE)
        self.page.wait_for_function(DRAWN)

    def close(self) -> None:
        """End the kernel and close the page."""
        self.page.evaluate(f"{KERNEL}.shutdown()")
        self.page.close()

    # ---- what somebody does ---------------------------------------------------------------------

    def choose(self, menu: str, command: str) -> None:
        """Choose an entry of the menu bar."""
        bar = self.page.locator("#jp-MainMenu")
        bar.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.locator(f".lm-Menu [data-command='{command}']").click()

    def run_all(self) -> None:
        """Run > Run All Cells; wait until none is left."""
        self.choose("Run", "runmenu:run-all")
        self.page.wait_for_function(f"{WAITING} > 0")
        self.page.wait_for_function(f"{WAITING} === 0", timeout=HOURS)
        self.page.wait_for_function(IDLE)

    def run_cell(self, cell, source: str) -> str:
        """Write another source into a cell, run it, and return what it shows then."""
        cell.locator(".cm-content").click()
        before = self.page.evaluate(COUNT)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(f"{COUNT} && {COUNT} !== {before} && {WAITING} === 0")
        self.page.wait_for_function(IDLE)
        return cell.locator(".jp-OutputArea").inner_text()

    def save(self) -> None:
        """Press Ctrl+S and wait until it is done."""
        self.page.locator(f"{PANEL} .jp-Cell").first.click()
        self.page.keyboard.press("Control+S")
        self.page.wait_for_function(f"!{SHOWN}.context.model.dirty")

    def theme(self, name: str) -> None:
        """Change to another theme."""
        self.page.evaluate(THEME, name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def hover(self, canvas) -> str:
        """Move over a map until it tells of a point; return what it tells, or nothing."""
        canvas.scroll_into_view_if_needed()
        box, points = canvas.bounding_box(), canvas.evaluate(POINTS)
        for x, y in points[:: len(points) // 100 + 1]:
            self.page.mouse.move(box["x"] + x, box["y"] + y, steps=2)
            if self.page.locator(TIP).count():
                return self.page.locator(TIP).inner_text()
        return ""

    # ---- what somebody sees ---------------------------------------------------------------------

    def cell(self, text: str):
        """The code cell that holds a text."""
        return self.page.locator(f"{PANEL} .jp-CodeCell", has_text=text)

    def pictures(self) -> list[list]:
        """The text in place of each picture, then three sizes, none of which should be 0."""
        return self.page.evaluate(PICTURES)

    def faint(self) -> list[str]:
        """The texts in outputs whose contrast with what is behind them is too low."""
        return self.page.evaluate(CONTRAST, PANEL)

    def wide(self) -> list[str]:
        """The outputs and paragraphs that are wider than the page, and begin like this."""
        return self.page.evaluate(WIDE)

    def complaints(self) -> list[str]:
        """Errors and warnings in outputs, errors of widgets and of the page itself, and dialogs."""
        outputs = self.page.locator(f"{PANEL} .jp-OutputArea-output", has_text=WRONG)
        widgets = self.page.get_by_text("Error displaying widget")
        places = [outputs, widgets, self.page.locator(".jp-Dialog")]
        return [*self.faults, *(text for place in places for text in place.all_inner_texts())]

    def shoot(self, step: str) -> None:
        """Keep a picture of the window in runs/browser."""
        self.page.screenshot(path=SHOTS / f"{self.file.stem}-{step}.png")

    def shoot_all(self, step: str) -> None:
        """Keep pictures of the whole notebook."""
        self.page.set_viewport_size({"width": WIDTH, "height": LONG})
        outer = self.page.locator(f"{PANEL} .jp-WindowedPanel-outer")
        height, shown = outer.evaluate("panel => [panel.scrollHeight, panel.clientHeight]")
        for part, top in enumerate(range(0, height, shown), 1):
            outer.evaluate("(panel, top) => panel.scrollTo(0, top)", top)
            self.page.wait_for_timeout(300)  # for what is drawn late
            self.shoot(f"{step}-{part}")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    # ---- what is in the file --------------------------------------------------------------------

    def code_cells(self) -> list[dict]:
        """The code cells, as they were saved."""
        cells = json.loads(self.file.read_text("utf-8"))["cells"]
        return [cell for cell in cells if cell["cell_type"] == "code"]

    def outputs(self, kind: str) -> list:
        """What the outputs hold of a kind, as it was saved; a text in one piece."""
        outputs = [output for cell in self.code_cells() for output in cell["outputs"]]
        found = [output["data"][kind] for output in outputs if kind in output.get("data", {})]
        return ["".join(part) if isinstance(part, list) else part for part in found]
