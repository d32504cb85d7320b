"""What a page needs works under the headers, and what it must not do does not, in Chromium."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from tests.live.server.serving import served

from gioconda.live.server.safety import Safety, protect

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

PAGE = """<!doctype html><html><head><link rel="stylesheet" href="/static/a.css"></head>
<body><p id="text" style="color: red">x</p><script>window.inline = true;</script>
<script type="module" src="/static/a.js"></script></body></html>"""
SCRIPT = """
const done = {};
const tried = async (name, what) => {
  try { done[name] = await what(); } catch (e) { done[name] = `${e.name}`; }
};
await tried("worklet", async () => {
  const context = new OfflineAudioContext(1, 128, 48000);
  await context.audioWorklet.addModule("/static/worklet.js");
  return "works";
});
await tried("blob worker", () => new Promise((yes, no) => {
  const worker = new Worker(URL.createObjectURL(new Blob(["postMessage('works')"])));
  worker.onmessage = (e) => yes(e.data); worker.onerror = () => no(new Error());
}));
await tried("wasm", async () => {
  await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); return "works";
});
await tried("socket", () => new Promise((yes, no) => {
  const socket = new WebSocket(`ws://${location.host}/v1/live`);
  socket.onopen = () => socket.send("works"); socket.onmessage = (e) => yes(e.data);
  socket.onerror = () => no(new Error());
}));
await tried("camera", async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
  return stream.getTracks().length === 2 ? "works" : "too few";
});
await tried("blob picture", () => new Promise((yes, no) => {
  const canvas = document.createElement("canvas");
  canvas.toBlob((blob) => {
    const image = new Image();
    image.onload = () => yes("works"); image.onerror = () => no(new Error());
    image.src = URL.createObjectURL(blob);
  });
}));
await tried("style by script", async () => {
  const text = document.getElementById("text"); text.style.left = "3px";
  return text.style.left === "3px" ? "works" : "no";
});
await tried("inline script", async () => (window.inline ? "works" : "refused"));
await tried("inline style", async () =>
  getComputedStyle(document.getElementById("text")).color === "rgb(255, 0, 0)"
    ? "works" : "refused");
await tried("eval", async () => { (0, eval)("1"); return "works"; });
await tried("elsewhere", async () => { await fetch("http://localhost:9/"); return "works"; });
await tried("place", () => new Promise((yes) =>
  navigator.geolocation.getCurrentPosition(() => yes("works"), () => yes("refused"))));
document.body.dataset.done = JSON.stringify(done);
"""
WORKS = ("worklet", "blob worker", "wasm", "socket", "camera", "blob picture", "style by script")


def _app(folder: Path) -> FastAPI:
    (folder / "a.js").write_text(SCRIPT)
    (folder / "a.css").write_text("p { margin: 0 }")
    (folder / "worklet.js").write_text(
        "registerProcessor('x', class extends AudioWorkletProcessor { process() { return false } })"
    )
    (folder / "index.html").write_text(PAGE)
    app = FastAPI()

    @app.get("/")
    async def page() -> FileResponse:
        return FileResponse(folder / "index.html")

    @app.websocket("/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    app.mount("/static", StaticFiles(directory=folder))
    return app


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_page_can_what_it_needs_and_no_more(tmp_path: Path) -> None:
    async def story() -> dict[str, str]:
        app = protect(_app(tmp_path), Safety())
        async with served(app=app) as address, playwright.async_playwright() as p:
            browser = await p.chromium.launch(
                executable_path=CHROMIUM,
                args=[
                    "--no-sandbox",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                ],
            )
            page = await browser.new_page()
            await page.goto(f"http://{address}/")
            await page.wait_for_selector("body[data-done]", timeout=60_000)
            done = await page.get_attribute("body", "data-done")
            await browser.close()
            return dict(json.loads(done or "{}"))

    done = asyncio.run(story())
    assert {name: done[name] for name in WORKS} == dict.fromkeys(WORKS, "works")
    refused = {name: told for name, told in done.items() if name not in WORKS}
    assert refused == {
        "inline script": "refused",
        "inline style": "refused",
        "eval": "EvalError",
        "elsewhere": "TypeError",
        "place": "refused",
    }
