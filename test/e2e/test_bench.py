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


def test_the_bench_refuses_what_it_does_not_know(t):
    for words in (["no-case"], ["--modes", "tls"], ["--no-option"]):
        lib.check(bench(t, *words).returncode == 2, words)
