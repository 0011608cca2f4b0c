# SPDX-License-Identifier: MIT
"""The command line: words, streams and exit codes, as frp's scripts see them.

Needs no network but a loopback port; $BIN names the binary."""
import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile

BIN = os.path.abspath(os.environ.get("BIN", "build/culvert"))
RANGE = ("type=frp,server=127.0.0.1:1,server_public=54.123.45.67,"
         "port_range=10000-50000")


def run(*args, env=None, cwd=None, name=None):
    """Exit status, standard output, standard error."""
    full = {k: v for k, v in os.environ.items()
            if k not in ("PORT_FORWARDING_CONFIG", "NOTIFY_SOCKET")}
    full.update(env or {})
    p = subprocess.run([name or "culvert", *args], executable=BIN, env=full,
                       cwd=cwd, capture_output=True, text=True, timeout=20)
    return p.returncode, p.stdout, p.stderr


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix="culvert-") as d:
        yield d


def write(path, text, mode=0o600):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def first_line(text):
    return text.split("\n", 1)[0]


def test_alone_it_lists_the_applets():
    rc, out, err = run()
    assert rc == 0 and err == "" and "frps" in out and "frpc" in out
    same(run("--help"), (0, out, ""))
    same(run("-h"), (0, out, ""))


def test_version_is_a_bare_line():
    same(run("--version"), (0, "culvert 0.1.0\n", ""))
    for word in ("frps", "frpc", "server", "client"):
        for flag in ("-v", "--version"):
            same(run(word, flag), (0, "0.61.0\n", ""))
            same(run(flag, name="/usr/bin/" + word), (0, "0.61.0\n", ""))


def test_unknown_applets_and_options_end_with_2():
    same(run("frsp"), (2, "", "culvert: unknown applet 'frsp'; "
                              "did you mean 'frps'?\n"))
    same(run("zzzzzzz"), (2, "", "culvert: unknown applet 'zzzzzzz'\n"))
    rc, out, err = run("--nope")
    assert rc == 2 and out == "" and "unknown option '--nope'" in err
    assert run("--install")[0] == 2


def test_every_applet_answers_help_on_standard_output():
    for args in (("frps",), ("frpc",), ("frps", "verify"), ("frpc", "tcp"),
                 ("frpc", "verify"), ("frpc", "udp"),
                 ("frpc", "stcp", "visitor")):
        rc, out, err = run(*args, "--help")
        assert rc == 0 and err == "", (args, rc, err)
        assert "\nUsage:\n  " + " ".join(args) in out, out
        assert "\nFlags:\n" in out
        assert ("\nGlobal Flags:\n" in out) == (len(args) > 1)
        assert ("\nAvailable Commands:\n" in out) == (len(args) == 1)
        same(run(args[0], "help", *args[1:]), (0, out, ""))
        same(run(*args, "-h"), (0, out, ""))


def test_misuse_is_told_on_standard_error_with_usage():
    cases = {
        ("--x_y",): "unknown flag: --x_y",
        ("-x",): "unknown shorthand flag: 'x' in -x",
        ("-c",): "flag needs an argument: 'c' in -c",
        ("--bind_port",): "flag needs an argument: --bind_port",
        ("--bind_port=abc",): 'invalid argument "abc" for "-p, --bind-port" '
        'flag: strconv.ParseInt: parsing "abc": invalid syntax',
        ("--allow_ports", "10-5"): 'invalid argument "10-5" for '
        '"--allow-ports" flag: range number is invalid',
    }
    for args, text in cases.items():
        rc, out, err = run("frps", *args)
        assert rc == 1 and out == "", (args, rc, out)
        same(first_line(err), "Error: " + text)
        assert "\nUsage:\n  frps [flags]\n" in err and err.endswith("\n\n")


def test_unknown_commands_get_a_hint():
    same(run("frpc", "tpc"), (1, "", 'Error: unknown command "tpc" for "frpc"'
                              "\n\nDid you mean this?\n\ttcp\n\n"
                              "Run 'frpc --help' for usage.\n"))
    same(run("frps", "zzzzzz"),
         (1, "", 'Error: unknown command "zzzzzz" for "frps"\n'
                 "Run 'frps --help' for usage.\n"))


def test_later_features_are_refused_by_name():
    same(run("frps", "--kcp_bind_port", "7000"),
         (1, "", "not supported yet: --kcp_bind_port (KCP transport)\n"))
    same(run("frps", "--dashboard-port=7500"),
         (1, "", "not supported yet: --dashboard-port (dashboard)\n"))
    same(run("frpc", "--config_dir", "/tmp"),
         (1, "", "not supported yet: --config_dir (one client per file)\n"))
    same(run("frpc", "xtcp", "-n", "x", "-l", "53"),
         (1, "", "not supported yet: proxy type 'xtcp'\n"))
    same(run("frpc", "xtcp", "visitor"),
         (1, "", "not supported yet: proxy type 'xtcp'\n"))
    same(run("frpc", "status"),
         (1, "", "not supported yet: command 'status'\n"))
    same(run("frpc", "tcp", "-p", "kcp", "-n", "x"),
         (1, 'not supported yet: transport.protocol = "kcp" (the KCP and '
             'QUIC transports)\n', ""))


def test_visitors_in_one_line_need_a_name_a_proxy_and_a_port():
    for kind in ("stcp", "sudp"):
        args = ["frpc", kind, "--sk", "k", "visitor", "--ue", "--uc"]
        for more, text in (((), "name is required"),
                           (("-n", "v"), "server name is required"),
                           (("--server_name=s",), "bind port is required"),
                           (("-p", "x"), "invalid transport.protocol, "
                            "optional values are [tcp kcp quic websocket "
                            "wss]")):
            args += more
            same(run(*args), (1, text + "\n", ""))
        same(first_line(run("frpc", kind, "visitor", "-l", "1")[2]),
             "Error: unknown shorthand flag: 'l' in -l")


def test_start_errors_are_on_standard_output():
    with scratch() as d:
        gone = "open /nonexistent: no such file or directory\n"
        same(run("frps", "-c", "/nonexistent"), (1, gone, ""))
        same(run("frpc", "-c/nonexistent"), (1, gone, ""))
        same(run("frpc", "verify", "-c=/nonexistent"), (1, gone, ""))
        same(run("frpc", cwd=d),
             (1, "open ./frpc.ini: no such file or directory\n", ""))
        same(run("frpc", "tcp"), (1, "name should not be empty\n", ""))
        same(run("frpc", "tcp", "-v"), (1, "name should not be empty\n", ""))
        same(run("frps", "--bind_port=65536"),
             (1, "bindPort: port number 65536 must be in the range "
                 "0..65535\n", ""))
        same(run("frps", "--token-file", "/nonexistent"),
             (1, "failed to resolve auth.tokenSource: failed to read file "
                 "/nonexistent: " + gone, ""))


def test_verify_says_that_a_file_is_fine():
    with scratch() as d:
        s = write(d + "/frps.toml", "bindPort = 7000\n")
        c = write(d + "/frpc.toml", "serverPort = 7000\n")
        same(run("frps", "verify", "-c", s),
             (0, f"frps: the configuration file {s} syntax is ok\n", ""))
        same(run("frpc", "-c", c, "verify"),
             (0, f"frpc: the configuration file {c} syntax is ok\n", ""))
        same(run("frpc", "verify", cwd=d),
             (0, "frpc: the configuration file ./frpc.toml syntax is ok\n",
              ""))
        same(run("frps", "verify"),
             (0, "frps: the configuration file is not specified\n", ""))


def test_unknown_keys_stop_the_start_only_in_strict_mode():
    with scratch() as d:
        f = write(d + "/f", "foo = 1\n")
        for applet in ("frps", "frpc"):
            same(run(applet, "verify", "-c", f),
                 (1, f"{f}:1: unknown key 'foo': "
                  'json: unknown field "foo"\n', ""))
            assert run(applet, "verify", "-c", f,
                       "--strict_config=false")[0] == 0


def serve(*args, env=None):
    """Starts a server, waits for its ready line, ends it: status, lines."""
    p = subprocess.Popen([BIN, "frps", "--bind-addr=127.0.0.1", *args],
                         stdout=subprocess.PIPE, text=True,
                         env={**os.environ, **(env or {})})
    lines = []
    for line in p.stdout:
        lines.append(line)
        if "frps started successfully" in line:
            break
    p.send_signal(signal.SIGTERM)
    lines += p.stdout.readlines()
    return p.wait(timeout=20), lines


def test_a_server_logs_on_standard_output_and_ends_well():
    rc, lines = serve("-p", str(free_port()), "--disable_log_color")
    assert rc == 0, (rc, lines)
    shape = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[[TDIWE]\] "
                       r"\[\w+/\w+\.c:\d+\] .+\n$")
    assert lines and all(shape.match(x) for x in lines), lines
    assert "frps uses command line arguments for config" in lines[0]
    rc, lines = serve("-p", str(free_port()))
    assert rc == 0 and lines[0].startswith("\033[1;34m"), lines
    assert lines[1].startswith("\033[0m")


def test_flags_beside_a_file_are_named_in_the_log():
    with scratch() as d:
        f = write(d + "/f.toml", 'bindAddr = "127.0.0.1"\nbindPort = '
                  f"{free_port()}\nlog.disablePrintColor = true\n")
        rc, lines = serve("-c", f, "--dashboard_port", "7500")
        text = "".join(lines)
        assert rc == 0 and f"frps uses config file: {f}\n" in text, text
        assert "--dashboard_port is ignored" in text
        assert "--bind-addr is ignored" in text


def test_the_service_manager_is_told():
    with scratch() as d, socket.socket(socket.AF_UNIX,
                                       socket.SOCK_DGRAM) as s:
        s.bind(d + "/notify")
        s.settimeout(10)
        rc, lines = serve("-p", str(free_port()),
                          env={"NOTIFY_SOCKET": d + "/notify"})
        assert rc == 0, lines
        same(s.recv(100), b"READY=1")
        same(s.recv(100), b"STOPPING=1")


def test_worker_settings_are_strict_and_told_on_standard_error():
    p = "port forwarding config: "
    for text, want in (
            ("type=frp", "key 'server' is missing"),
            (RANGE + ",foo=1", "unknown key 'foo'"),
            (RANGE.replace("10000-50000", "5-4"),
             "port_range '5-4' is not LOW-HIGH in 1..65535")):
        same(run("frpc", "--name=x", "--port-forwarding-config", text),
             (1, "", p + want + "\n"))
        same(run("frpc", "--name=x", env={"PORT_FORWARDING_CONFIG": text}),
             (1, "", p + want + "\n"))
    same(run("frpc", env={"PORT_FORWARDING_CONFIG": RANGE}),
         (1, "", "--name is missing\n"))
    same(run("frpc", "--name=x", "--local-port=0",
             "--port-forwarding-config", RANGE),
         (1, "", "--local-port is not in 1..65535\n"))
    rc, out, err = run("frpc", "-c", "x", "--port-forwarding-config", RANGE)
    assert rc == 1 and out == "" and "do not go together" in err
    rc, out, err = run("frpc", "--name", "x")
    assert rc == 1 and out == "" and "--port-forwarding-config" in err


def test_worker_environment_yields_to_a_file_and_to_commands():
    env = {"PORT_FORWARDING_CONFIG": "nonsense"}
    same(run("frpc", "-c", "/nonexistent", env=env),
         (1, "open /nonexistent: no such file or directory\n", ""))
    same(run("frpc", "tcp", env=env), (1, "name should not be empty\n", ""))


def test_install_makes_links_and_spares_what_is_not_ours():
    with scratch() as d:
        rc, out, err = run("--install", d)
        assert rc == 0 and err == "", err
        names = {"frps", "frpc", "server", "client"}
        assert names <= set(os.listdir(d)) and len(out.splitlines()) >= 4
        same(os.readlink(d + "/frps"), os.path.realpath(BIN))
        os.unlink(d + "/frpc")
        write(d + "/frpc", "mine")
        os.unlink(d + "/client")
        os.symlink("/bin/true", d + "/client")
        rc, out, err = run("--install", d)
        assert rc == 1 and "/frpc'" in err and "/client'" in err, err
        same(open(d + "/frpc").read(), "mine")
        same(os.readlink(d + "/client"), "/bin/true")
        copy = d + "/culvert"
        with open(BIN, "rb") as a, open(copy, "wb") as b:
            b.write(a.read())
        os.chmod(copy, 0o755)
        subprocess.run([copy, "--install", d], capture_output=True)
        same(os.readlink(d + "/frps"), "culvert")
        same(subprocess.run([d + "/server", "-v"], capture_output=True,
                            text=True).stdout, "0.61.0\n")


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
