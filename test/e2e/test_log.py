"""What the two programs say, and where: scripts and people read it."""
import os
import re
import signal
import stat

from lib import (READY, STARTED, EchoServer, check, dial, echo, free_port,
                 until)
from pairs import Pair

HEAD = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[%s\] \[\w+/\w+\.c:\d+\] "
PEER = r"\[127\.0\.0\.1:\d+\]"


def in_order(proc, wanted):
    """Each of these is a whole line, and they come in this order."""
    at = 0
    lines = proc.lines
    for level, text in wanted:
        want = re.compile(HEAD % level + text + "$")
        while at < len(lines) and not want.match(lines[at]):
            at += 1
        check(at < len(lines), f"{proc.name}: no line /{want.pattern}/ "
              "where it should be")
        at += 1


def test_the_normal_story_is_told_in_frps_words(t):
    pair = Pair(t, EchoServer(), server={"auth.token": "x"},
                client={"auth.token": "x"})
    port = pair.server.conf["bindPort"]
    run_id = pair.client.wait_line(r"get run id \[([0-9a-f]{6})\]").group(1)
    with dial(pair.port) as s:
        s.sendall(b"x")
        s.recv(1)
        user = s.getsockname()[1]
    pair.server.wait_line("get a user connection")
    pair.client.signal(signal.SIGTERM)
    pair.client.wait()
    pair.server.wait_line("client exit success")
    rid, name = rf"\[{run_id}\]", r"\[pair\]"
    in_order(pair.server, [
        ("I", rf"frps uses config file: {re.escape(pair.server.path)}"),
        ("I", rf"frps tcp listen on 127\.0\.0\.1:{port}"),
        ("I", "frps started successfully"),
        ("I", rf"{rid} client login info: ip {PEER} version \[0\.61\.0\] "
         r"hostname \[.*\] os \[linux\] arch \[\w+\]"),
        ("I", rf"{rid} {name} tcp proxy listen port \[{pair.port}\]"),
        ("I", rf"{rid} new proxy {name} type \[tcp\] success"),
        ("I", rf"{rid} {name} get a user connection \[127\.0\.0\.1:{user}\]"),
        ("I", rf"{rid} {name} proxy closing"),
        ("I", rf"{rid} close proxy {name} success"),
        ("I", rf"{rid} client exit success"),
    ])
    in_order(pair.client, [
        ("I", "start frpc service for config file "
         rf"\[{re.escape(pair.client.path)}\]"),
        ("I", r"try to connect to server\.\.\."),
        ("I", rf"{rid} login to server success, get run id {rid}"),
        ("I", rf"{rid} proxy added: \[pair\]"),
        ("I", rf"{rid} {name} start proxy success"),
        ("I", r"frpc service for config file \[.*\] stopped"),
    ])


def test_a_service_that_is_not_there_is_told_in_frps_words(t):
    local = free_port()
    pair = Pair(t, local)
    with dial(pair.port) as s:
        check(s.recv(1) == b"")
    pair.client.wait_line(
        HEAD % "E" + r"\[[0-9a-f]{6}\] \[pair\] connect to local service "
        rf"\[127\.0\.0\.1:{local}\] error: dial tcp 127\.0\.0\.1:{local}: "
        "connect: connection refused$")


def test_a_log_file_is_private_plain_and_appended_to(t):
    path = t.path("logs", "deep", "frps.log")
    conf = {"log.to": path, "bindPort": free_port()}
    for n in (1, 2):
        server = t.frps(conf, wait=False)
        told = [0]

        def ready():
            try:
                with open(path) as f:
                    told[0] = f.read().count(READY)
            except FileNotFoundError:
                pass
            return told[0] == n
        until(ready, what=f"{n} starts in the file")
        server.signal(signal.SIGTERM)
        check(server.wait() == 0)
        check(server.lines == [], server.text)
    mode = stat.S_IMODE(os.stat(path).st_mode)
    check(mode == 0o600, oct(mode))
    with open(path, "rb") as f:
        data = f.read()
    check(b"\033" not in data, "there are colours in the file")
    check(all(re.match(HEAD % "[IWE]", line)
              for line in data.decode().splitlines()))


def test_only_what_is_as_loud_as_asked_is_told(t):
    for level, hears, silent in (
            ("error", None, "[IWDT]"), ("warn", "W", "[IDT]"),
            ("info", "I", "[DT]"), ("debug", "D", "[T]")):
        server = t.frps({"log.level": level}, name=f"frps-{level}",
                        wait=False)
        port = server.conf["bindPort"]
        row_port = free_port()
        service = EchoServer()
        client = t.frpc(port, [{
            "name": "p", "type": "tcp", "localIP": "127.0.0.1",
            "localPort": service.port, "remotePort": row_port}],
            {"loginFailExit": False}, name=f"frpc-{level}")
        check(echo(row_port, b"x") == b"x")
        client.stop()
        if level == "debug":
            server.wait_line(HEAD % "D")
        server.signal(signal.SIGTERM)
        check(server.wait() == 0)
        check(not server.says(HEAD % silent), server.text)
        check(hears is None or server.says(HEAD % hears), server.text)


def test_a_log_file_that_cannot_be_written_does_not_stop_the_server(t):
    os.mkdir(t.path("there"))
    server = t.frps({"log.to": t.path("there")}, wait=False)
    port = server.conf["bindPort"]
    row = {"name": "p", "type": "tcp", "localPort": EchoServer().port,
           "remotePort": free_port()}
    client = t.frpc(port, [row], {"loginFailExit": False})
    check(echo(row["remotePort"], b"x") == b"x")
    check(client.says(STARTED) and server.running())



def test_a_reader_of_the_log_that_goes_away_does_not_stop_the_server(t):
    port = free_port()
    conf = t.write("frps.toml", f'bindAddr = "127.0.0.1"\nbindPort = {port}\n')
    # head takes the first line and leaves.
    t.proc(["/bin/sh", "-c", '"$1" frps -c "$2" | head -n 1', "sh",
            os.path.abspath(t.bin), conf], name="frps")
    row = {"name": "p", "type": "tcp", "localPort": EchoServer().port,
           "remotePort": free_port()}
    t.frpc(port, [row], {"loginFailExit": False})
    for _ in range(5):
        check(echo(row["remotePort"], b"x") == b"x")
