"""A headless Chromium, by the protocol of its developer tools over two pipes."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

_NAMES = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)
"""Where it is: what CHROMIUM names, or the first that is on the PATH; None where there is none."""
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--remote-debugging-pipe"),
)

_PIPED = """
import os, sys
read, write, *command = sys.argv[1:]
for pipe, far in ((read, 103), (write, 104)):  # first out of the way
    os.dup2(int(pipe), far)
os.dup2(103, 3)
os.dup2(104, 4)
os.execv(command[0], command)
"""
"""A program with two pipes as its descriptors 3 and 4, which Chromium reads and writes."""


class Page:
    """One page, to be used as a context once it was started.

    `told` is what its console says, errors too, and `requests` the addresses that it asks for.
    """

    def __init__(self, profile: Path, *, width: int = 1200, height: int = 900) -> None:
        theirs, self._write = os.pipe()
        self._read, theirs_too = os.pipe()
        flags = (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PIPED, str(theirs), str(theirs_too), str(CHROMIUM), *flags],
            pass_fds=(theirs, theirs_too),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(theirs_too)
        self._calls, self._rest = 0, b""
        self._session: dict[str, str] = {}
        self.told: list[str] = []
        self.requests: list[str] = []

    def start(self) -> None:
        """Make the page; an EOFError where the browser has ended."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session = {}
        with contextlib.suppress(OSError, EOFError):
            self.call("Browser.close")
        os.close(self._write)
        os.close(self._read)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def open(self, path: Path) -> None:
        """Go to a file, and come back when it is loaded."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        loaded = "addEventListener('load', () => yes())"
        self.run(f"new Promise((yes) => document.readyState === 'complete' ? yes() : {loaded})")

    def run(self, script: str) -> Any:
        """The value of an expression in the page, once it is there."""
        made = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in made:
            raise RuntimeError(made["exceptionDetails"].get("exception", {}).get("description"))
        return made["result"].get("value")

    def call(self, method: str, **parameters: Any) -> Any:
        """What the browser answers; events before it are kept."""
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": parameters, **self._session}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._calls:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._keep(answer.get("method"), answer.get("params"))

    def _next(self) -> Any:
        while b"\0" not in self._rest:
            more = os.read(self._read, 1 << 20)
            if not more:
                raise EOFError("the browser has ended")
            self._rest += more
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def _keep(self, event: str | None, told: Any) -> None:
        match event:
            case "Runtime.consoleAPICalled":
                words = [str(x.get("value", x.get("description"))) for x in told["args"]]
                self.told.append(" ".join(words))
            case "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                self.told.append(details.get("exception", details).get("description", "an error"))
            case "Log.entryAdded":
                self.told.append(told["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])


@contextlib.contextmanager
def quiet_page(profile: Path) -> Iterator[Page]:
    """A page that in the end has said nothing and asked no host for anything.

    The test is skipped where there is no browser, or one that does not start.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed: put one on the PATH, or name it in CHROMIUM")
    page = Page(profile)
    try:
        page.start()
    except (EOFError, OSError):
        pytest.skip("Chromium is installed and does not start")
    with page:
        yield page
        assert page.told == []
        ours = ("file:", "blob:", "data:")
        assert [url for url in page.requests if not url.startswith(ours)] == []


def shown(page, expression="null"):
    """The image of an explorer's page, `[H, W, C]`, drawn again after something was done."""
    values = page.run(
        f"""(async () => {{
          if (!window.explorer) await new Promise((yes) => addEventListener("explorer", yes));
          const once = {{ once: true }};
          const drawn = new Promise((yes) => document.addEventListener("shown", yes, once));
          if ({expression} !== null) await drawn;
          const {{ width, height }} = document.getElementById("image");
          const copy = new OffscreenCanvas(width, height).getContext("2d");
          copy.drawImage(document.getElementById("image"), 0, 0);
          return [height, width, ...copy.getImageData(0, 0, width, height).data];
        }})()"""
    )
    height, width, *pixels = values
    return np.reshape(pixels, (height, width, 4))[..., :3]
