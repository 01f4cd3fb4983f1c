"""A real Chromium without a window: what its page was sent, what it asked for, what it shows."""

import base64
import json
import shutil
import tempfile
import time
from typing import Any

import pyte
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1280,800",
)
_WITHIN_S = 30.0

_SHARE = """
const [png, red, green, blue, done] = arguments;
const image = new Image();
image.onload = () => {
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data;
  let same = 0;
  for (let n = 0; n < data.length; n += 4) {
    same += Math.abs(data[n] - red) + Math.abs(data[n + 1] - green) + Math.abs(data[n + 2] - blue) < 12;
  }
  done(same / (data.length / 4));
};
image.src = "data:image/png;base64," + png;
"""


class Chromium:
    """One browser with one page. Its terminal is drawn on a canvas: its words are read from what the page was sent."""

    def __init__(self) -> None:
        options = Options()
        options.binary_location = shutil.which("chromium") or ""
        self._profile = tempfile.TemporaryDirectory()
        for flag in (*_FLAGS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.asked: set[str] = set()
        """Every address that anything was asked of."""
        self._screen = pyte.Screen(1, 1)
        self._stream = pyte.ByteStream(self._screen)

    def open(self, address: str) -> None:
        """Load a page."""
        self.driver.get_log("performance")  # what its own first page asked of itself
        self.driver.get(address)

    def press(self, keys: str) -> None:
        """Type, to whatever has the focus."""
        ActionChains(self.driver).send_keys(keys).perform()

    def read(self) -> str:
        """What the terminal in the page shows, by what was sent to it until now."""
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            self._take(event["method"], event["params"])
        return "\n".join(self._screen.display)

    def await_text(self, word: str, *, gone: bool = False) -> str:
        """Wait until it is there, or there no more."""
        until = time.monotonic() + _WITHIN_S
        while (word in (text := self.read())) is gone:
            assert time.monotonic() < until, f"{word!r} in:\n{text}"
            time.sleep(0.1)
        return text

    def await_source(self, words: str) -> None:
        """Wait until the page, where it is plain text, reads so: it is called loaded before it is."""
        until = time.monotonic() + _WITHIN_S
        while words not in (source := self.driver.page_source):
            assert time.monotonic() < until, source
            time.sleep(0.1)

    def complaints(self) -> list[str]:
        """What the browser found wrong with the page."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def is_marked_as_over(self) -> bool:
        """Whether the page says that what it shows is old."""
        return bool(self.driver.execute_script("return getComputedStyle(over).display !== 'none'"))

    def later(self, seconds: float) -> None:
        """Let the page's clock be so much further than it is, for good."""
        script = "const [ms, now] = [arguments[0], window.now ??= Date.now]; Date.now = () => now() + ms"
        self.driver.execute_script(script, 1000 * seconds)

    def painted(self, red: int, green: int, blue: int) -> float:
        """The share of the page that is of a colour, as it is really seen."""
        shot = self.driver.get_screenshot_as_base64()
        page = self.driver.current_window_handle
        self.driver.switch_to.new_window("tab")
        share: float = self.driver.execute_async_script(_SHARE, shot, red, green, blue)
        self.driver.close()
        self.driver.switch_to.window(page)
        return share

    def close(self) -> None:
        """End it."""
        self.driver.quit()
        self._profile.cleanup()

    def _take(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.add(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.asked.add(params["url"])
            size = dict(part.split("=") for part in params["url"].partition("?")[2].split("&"))
            self._screen.resize(int(size["height"]), int(size["width"]))
        elif method == "Network.webSocketFrameReceived" and params["response"]["opcode"] == 2:
            self._stream.feed(base64.b64decode(params["response"]["payloadData"]))
