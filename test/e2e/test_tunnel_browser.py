# SPDX-License-Identifier: MIT
"""A browser through a local forward: a page, and a WebSocket."""
import base64
import hashlib
import os
import shutil
import subprocess
import threading

from lib import Skip, check, free_port, timeout
from proc import forking
from tunnels import worker_user
from wire import Service, read_exactly

# It has loaded only once its picture has come, and that comes when the page
# has told what it heard.
PAGE = b"""<!DOCTYPE html><title>page</title><p id=said>nothing yet</p>
<script>
const s = new WebSocket("ws://" + location.host + "/echo");
s.onopen = () => s.send("through the tunnel");
s.onmessage = e => {
  document.getElementById("said").textContent = "heard: " + e.data;
  fetch("/heard");
};
</script><img src=/picture>"""
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Site(Service):
    """The page, and behind /echo a WebSocket that sends back a text."""

    def __init__(self):
        self.heard = threading.Event()
        super().__init__()

    def serve(self, s):
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                part = s.recv(4096)
                if not part:
                    return
                head += part
            lines = head.decode("latin-1").split("\r\n")
            fields = dict(x.split(": ", 1) for x in lines[1:] if ": " in x)
            fields = {k.lower(): v for k, v in fields.items()}
            if "sec-websocket-key" in fields:
                self.echo(s, fields["sec-websocket-key"])
                return
            if lines[0].startswith("GET /heard"):
                self.heard.set()
            elif lines[0].startswith("GET /picture"):
                self.heard.wait(60)
            body = PAGE if lines[0].startswith("GET / ") else b""
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                      b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    @staticmethod
    def echo(s, key):
        accept = base64.b64encode(hashlib.sha1(
            (key + GUID).encode()).digest())
        s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket"
                  b"\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                  accept + b"\r\n\r\n")
        head = read_exactly(s, 2)
        n = head[1] & 0x7f
        mask, data = read_exactly(s, 4), read_exactly(s, n)
        data = bytes(x ^ mask[i % 4] for i, x in enumerate(data))
        s.sendall(bytes([0x81, n]) + data)
        while s.recv(4096):
            pass


@timeout(150)
def test_a_page_loads_and_its_websocket_echoes(t):
    chromium = shutil.which("chromium")
    if not chromium:
        raise Skip("there is no chromium here")
    with worker_user(t) as u:
        at = free_port()
        u.start("-L", f"{at}:localhost:{Site().port}")
        with forking:
            p = subprocess.Popen(
                [chromium, "--headless=new", "--no-sandbox", "--disable-gpu",
                 "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking",
                 f"--user-data-dir={t.path('profile')}",
                 "--timeout=60000",
                 "--dump-dom", f"http://localhost:{at}/"],
                env={**os.environ, "HOME": t.dir}, cwd=t.dir, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=True)
        try:
            out, err = p.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
        check("heard: through the tunnel" in out, out + err)
        f = u.forward()
        check(f["received"] > len(PAGE) and f["total"] >= 2, f)
