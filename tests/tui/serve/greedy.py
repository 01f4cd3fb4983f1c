"""An app that asks the browser for what it must not get, an address and files: `python -m tests.tui.serve.greedy`."""

import io

from textual.app import App


class Greedy(App[None]):
    """It asks, and goes."""

    async def on_mount(self) -> None:
        self.open_url("https://example.org/")
        self.deliver_text(io.StringIO("all of it"), save_filename="all.txt")
        self.deliver_binary(io.BytesIO(b"all of it"), save_filename="all.bin")
        self.set_timer(0.3, self.exit)


if __name__ == "__main__":
    Greedy().run()
