"""What measures, measured: the load program through one tunnel, and the
bench's own words."""
import json
import os
import subprocess
import sys

import lib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def load_program(t):
    path = os.path.join(os.path.dirname(os.path.abspath(t.tools)), "bench",
                        "load")
    if not os.path.exists(path):
        raise lib.Skip("build/bench/load is not built")
    return path


def answer(t, *words):
    done = subprocess.run([load_program(t), *map(str, words)], timeout=40,
                          text=True, capture_output=True)
    lib.check(done.returncode == 0, f"load {words}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def serve(t, mode="serve"):
    port = lib.free_port()
    t.proc([load_program(t), mode, "--listen", port]).wait_line("ready")
    return port


def tunnel_to(t, service):
    tcp = lib.tcp_proxy("tcp", service)
    udp = dict(tcp, name="udp", type="udp")
    t.frpc(t.frps(), [tcp, udp])
    return tcp["remotePort"]


def test_every_mode_of_load_measures_through_a_tunnel(t):
    service = serve(t)
    to = tunnel_to(t, service)
    short = "--to", to, "--warm", 20, "--window", 100
    for way, up, down in (("up", 1, 0), ("down", 0, 1), ("both", 1, 1)):
        got = answer(t, "bulk", *short, "--service", service, "--way", way,
                     "--streams", 2)
        lib.check((got["up_mb"] > 0, got["down_mb"] > 0) == (up, down), got)
    got = answer(t, "bulk", *short, "--service", service, "--slow", 1,
                 "--streams", 2)
    lib.check(got["down_mb"] > 0, got)
    got = answer(t, "ping", *short)
    lib.check(0 < got["p50_us"] <= got["p99_us"] <= got["p999_us"], got)
    lib.check(answer(t, "ping", *short, "--beside")["n"] > 0)
    lib.check(answer(t, "rate", *short, "--flight", 4)["rate"] > 0)
    lib.check(answer(t, "udp", *short, "--flight", 4)["answered"] > 0)


def test_an_exact_amount_arrives_whole(t):
    service = serve(t)
    to = tunnel_to(t, service)
    for way in ("up", "down"):
        got = answer(t, "bulk", "--to", to, "--service", service, "--way",
                     way, "--bytes", 3000001)
        lib.check(got["bytes"] == 3000001, got)


def test_idle_connections_are_held_until_stdin_ends(t):
    to = tunnel_to(t, serve(t))
    p = t.proc([load_program(t), "idle", "--to", to, "--count", 100],
               stdin=subprocess.PIPE)
    p.wait_line('"held": 100')
    p.stdin.close()
    p.wait_line('"alive": 100')
    lib.check(p.wait() == 0)


def test_the_delay_is_added_to_the_way(t):
    echo, near = serve(t, "echo"), lib.free_port()
    t.proc([load_program(t), "delay", "--listen", near, "--to", echo,
            "--delay", 10]).wait_line("ready")
    got = answer(t, "ping", "--to", near, "--warm", 0, "--window", 100)
    lib.check(got["p50_us"] >= 20000, got)
    data = lib.pattern(3000000)
    lib.check(lib.echo(near, data) == data, "other bytes came back")


def test_sink_and_source_do_one_thing(t):
    with lib.dial(serve(t, "source")) as s:
        lib.check(lib.read_exactly(s, 1000000) == bytes(1000000))
    with lib.dial(serve(t, "sink")) as s:
        s.sendall(bytes(1000000))


def test_load_refuses_what_it_does_not_know(t):
    for words in (["no-mode"], ["ping", "--no-option", "1"],
                  ["ping", "--to"], ["ping", "--to", "x"]):
        done = subprocess.run([load_program(t), *words], timeout=20,
                              capture_output=True)
        lib.check(done.returncode == 2, words)


def bench(t, *words):
    return subprocess.run(
        [sys.executable, os.path.join(ROOT, "test", "bench", "bench.py"),
         "--bin", t.bin, "--peers", "", *words], timeout=55, text=True,
        capture_output=True)


def test_the_bench_tells_size_and_start_in_every_form(t):
    file = t.path("out.json")
    done = bench(t, "--quick", "--json", file, "--markdown", "size", "start")
    lib.check(done.returncode == 0, done.stderr)
    for said in ("start: server", "size: all its programs", "| **culvert**"):
        lib.check(said in done.stdout, done.stdout)
    with open(file) as f:
        found = json.load(f)["results"]
    lib.check({r["case"] for r in found} == {"size", "start"}, found)


def test_the_bench_compares_two_of_ours_in_alternation(t):
    load_program(t)
    done = bench(t, "--other", t.bin, "--modes", "plain", "--rounds", "1",
                 "--window", "0.1", "--json", t.path("out.json"), "udp")
    lib.check(done.returncode == 0, done.stderr)
    with open(t.path("out.json")) as f:
        names = {r["tunnel"] for r in json.load(f)["results"]}
    lib.check(names == {"direct", "culvert plain", "other plain"}, names)


def test_the_bench_takes_our_own_with_another_congestion_control(t):
    load_program(t)

    def names(how):
        done = bench(t, "--congestion", how, "--modes", "plain", "--rounds",
                     "1", "--window", "0.1", "--json", t.path("out.json"),
                     "udp")
        lib.check(done.returncode == 0, done.stderr)
        with open(t.path("out.json")) as f:
            return {r["tunnel"] for r in json.load(f)["results"]}, done.stdout
    found, _ = names("reno")
    lib.check(found == {"direct", "culvert plain", "ours, reno plain"}, found)
    found, said = names("none-such")
    lib.check(found == {"direct", "culvert plain"}, found)
    lib.check("none-such" in said, said)


def test_the_bench_refuses_what_it_does_not_know(t):
    for words in (["no-case"], ["--modes", "tls"], ["--no-option"]):
        lib.check(bench(t, *words).returncode == 2, words)


def operator(t, *words, **kw):
    """culvert bench, ended; what it printed apart."""
    done = subprocess.run([os.path.abspath(t.bin), "bench", *map(str, words)],
                          cwd=t.dir, timeout=50, text=True,
                          capture_output=True, **kw)
    return done


SECRET = {"auth": {"token": "open sesame"}}
MEASURED = {"download_bytes", "upload_bytes", "p50_us", "p99_us",
            "connections"}


def server_and_token(t):
    server = t.frps(SECRET)
    return f"127.0.0.1:{server.conf['bindPort']}", t.write(
        "token", "open sesame\n")


def test_an_operator_measures_a_server_from_one_place(t):
    server, token = server_and_token(t)
    words = "--server", server, "--token-file", token, "--seconds", 1
    done = operator(t, *words, "--json")
    lib.check(done.returncode == 0, done.stderr)
    got = json.loads(done.stdout)
    lib.check(set(got) == MEASURED and all(v > 0 for v in got.values()), got)
    lib.check(got["p50_us"] <= got["p99_us"], got)
    done = operator(t, *words, "--tls-enable=false")
    lib.check(done.returncode == 0, done.stderr)
    for said in ("through " + server, "download", "upload", "there, back",
                 "connections"):
        lib.check(said in done.stdout, done.stdout)


def test_an_operator_measures_from_one_place_to_another(t):
    server, token = server_and_token(t)
    port = lib.free_port()
    p = t.run("bench", "--server", server, "--token-file", token, "--serve",
              "--remote-port", str(port))
    p.wait_line(f"--connect 127.0.0.1:{port}$")
    for _ in range(2):
        done = operator(t, "--connect", f"127.0.0.1:{port}", "--seconds", 1,
                        "--json")
        lib.check(set(json.loads(done.stdout)) == MEASURED, done.stderr)
    lib.check(p.stop() == 0, p.text)


def test_seconds_say_how_long_it_takes(t):
    server, token = server_and_token(t)
    p = t.run("bench", "--server", server, "--token-file", token,
              "--seconds", "3600")
    lib.until(lambda: p.cpu_seconds() > 0.2, 20, "it measures")
    lib.check(p.running())
    p.signal(2)
    lib.check(p.wait() == 1 and p.says("interrupted"), p.text)


def test_what_is_no_service_of_ours_is_found_out(t):
    for service in (lib.EchoServer(), lib.SourceServer(b"x" * 1000)):
        done = operator(t, "--connect", f"127.0.0.1:{service.port}",
                        "--seconds", 1)
        lib.check(done.returncode == 1, done.stdout)
        lib.check("is no 'culvert bench'" in done.stderr, done.stderr)
    done = operator(t, "--connect", f"127.0.0.1:{lib.free_port()}")
    lib.check(done.returncode == 1 and "refused" in done.stderr, done.stderr)


class Greeter(lib.Service):
    """Greets as a bench does, says what it is given, and then no more."""

    def __init__(self, more, hang_up):
        self.more, self.hang_up = more, hang_up
        super().__init__()

    def serve(self, s):
        # What is left unread makes a close a reset.
        lib.read_exactly(s, len(b"culvert-bench 1 source\n"))
        s.sendall(b"culvert-bench 1\n" + self.more)
        while not self.hang_up and s.recv(4096):
            pass


def test_a_service_that_falls_silent_or_leaves_is_told(t):
    for more, hang_up, why in ((b"", False, "nothing has arrived"),
                               (b"x", True, "ended by the other side"),
                               (b"x" * 5000, False, "nothing has arrived")):
        service = Greeter(more, hang_up)
        done = operator(t, "--connect", f"127.0.0.1:{service.port}",
                        "--seconds", 1)
        lib.check(done.returncode == 1 and done.stdout == "", done.stdout)
        lib.check("download: " in done.stderr and why in done.stderr,
                  done.stderr)


def test_strangers_of_a_bench_are_hung_up_on(t):
    server, token = server_and_token(t)
    port = lib.free_port()
    p = t.run("bench", "--server", server, "--token-file", token, "--serve",
              "--json", "--remote-port", str(port))
    p.wait_line(f'"connect": "127.0.0.1:{port}"')
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"culvert-bench 1 all\n"):
        with lib.dial(port) as s:
            s.sendall(said)
            try:
                lib.check(s.recv(1) == b"", "it has answered")
            except ConnectionError:
                pass
    with lib.dial(port) as s:
        s.sendall(b"culvert-bench 1 echo\nabc")
        want = b"culvert-bench 1\nabc"
        lib.check(lib.read_exactly(s, len(want)) == want)
    lib.check(p.running())


def test_a_server_that_says_no_is_told(t):
    server, token = server_and_token(t)
    done = operator(t, "--server", server, "--token", "open barley")
    lib.check(done.returncode == 1 and "token" in done.stderr, done.stderr)
    done = operator(t, "--server", server, "--token-file", token, "--pin",
                    "sha256:" + "0" * 64)
    lib.check(done.returncode == 1 and done.stdout == "", done.stderr)
    limited = t.frps({"allowPorts": [{"single": lib.free_port()}]},
                     name="limited")
    done = operator(t, "--server", f"127.0.0.1:{limited.conf['bindPort']}",
                    "--remote-port", lib.free_port())
    lib.check(done.returncode == 1 and "refused a port" in done.stderr,
              done.stderr)


def test_a_wrong_command_line_of_bench_ends_with_2(t):
    at = "--server", "127.0.0.1:7000"
    for words in ([], [*at, "word"], [*at, "--seconds", "0"],
                  [*at, "--seconds", "3601"], [*at, "--remote-port", "70000"],
                  [*at, "--no-flag"], ["--server", "127.0.0.1:0"],
                  ["--connect", "127.0.0.1"], [*at, "--connect", "a:1"],
                  [*at, "--serve", "--seconds", "2"],
                  [*at, "--pin", "md5:0"],
                  [*at, "--token", "a", "--token-file", "b"]):
        done = operator(t, *words)
        lib.check(done.returncode == 2, f"{words}: {done}")
        lib.check(done.stderr and not done.stdout, f"{words}: {done}")
    words = "--token-file", t.path("none")
    lib.check(operator(t, *at, *words).returncode == 1, words)
