"""What an end-to-end test is written with.

A test is a function test_x(t) (or soak_x(t)) in test_*.py here; t is its
Env: an own directory, the programs, and short ways to start them.
"""
import json
import os

from proc import Failure, Proc, Skip, until  # noqa: F401
from wire import (DuplexServer, EchoServer, Relay, Service,  # noqa: F401
                  SinkServer, SourceServer, dial, digest, duplex, echo,
                  free_port, in_thread, pattern, read_exactly, read_to_end)

READY = "frps started successfully"
STARTED = r"start proxy success"


def waits(fn):
    """Of a test that does little but wait: it runs beside the others."""
    fn.waits = True
    return fn


def measures(fn):
    """Of a test whose figures are of time: nothing runs beside it."""
    fn.measures = True
    return fn


def timeout(seconds):
    """A test's own hard limit, instead of 60 s."""
    def mark(fn):
        fn.seconds = seconds
        return fn
    return mark


def check(claim, said="not so"):
    if not claim:
        raise Failure(said)


def _value(v):
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, (list, tuple)):
        return "[" + ", ".join(_value(x) for x in v) + "]"
    if isinstance(v, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_value(x)}"
                                for k, x in v.items()) + " }"
    return json.dumps(str(v)) if isinstance(v, os.PathLike) else json.dumps(v)


def _rows(table, prefix=""):
    for key, v in table.items():
        if isinstance(v, dict):
            yield from _rows(v, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key} = {_value(v)}"


def _is_tables(v):
    return isinstance(v, list) and v and isinstance(v[0], dict)


def toml(table):
    """A dict as TOML; a list of dicts becomes [[key]] sections."""
    lines = list(_rows({k: v for k, v in table.items() if not _is_tables(v)}))
    for key, v in table.items():
        if _is_tables(v):
            for item in v:
                lines += ["", f"[[{key}]]", *_rows(item)]
    return "\n".join(lines) + "\n"


def applet(program, name):
    """How to start frps or frpc: our binary takes the name as a word, the
    real ones are a program each, found in the directory given."""
    program = str(program)
    if os.path.isdir(program):
        return [os.path.join(os.path.abspath(program), name)]
    if os.path.basename(program) == name:
        return [os.path.abspath(program)]
    return [os.path.abspath(program), name]


class Configured(Proc):
    """A program running on a settings file that is written for it. More
    words may follow the file's name."""
    kind = None

    def __init__(self, program, conf, dir, name=None, words=(), env=None):
        self.program, self.conf, self.dir = program, conf, dir
        self.words, self.environ = list(words), env
        self.label = name or self.kind
        self.path = os.path.join(dir, f"{self.label}.toml")
        with open(self.path, "w") as f:
            f.write(conf if isinstance(conf, str) else toml(conf))
        super().__init__(
            applet(program, self.kind) + ["-c", self.path, *self.words],
            cwd=dir, env=env, name=self.label)

    def again(self, **kw):
        """The same once more, after this one has ended."""
        return type(self)(self.program, self.conf, self.dir, self.label,
                          words=self.words, env=self.environ, **kw)


class Frps(Configured):
    kind = "frps"

    def __init__(self, program, conf, dir, name=None, wait=True, **kw):
        super().__init__(program, conf, dir, name, **kw)
        if wait:
            self.wait_line(READY)


class Frpc(Configured):
    kind = "frpc"

    def __init__(self, program, conf, dir, name=None, wait=None, **kw):
        super().__init__(program, conf, dir, name, **kw)
        if wait is None:
            wait = 0 if isinstance(conf, str) else len(conf.get("proxies", []))
        if wait:
            self.wait_line(STARTED, times=wait)


class Env:
    """One test's surroundings."""

    def __init__(self, dir, bin=None, tools=None):
        self.dir, self.bin, self.tools = dir, bin, tools

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def tool(self, name):
        return os.path.join(os.path.abspath(self.tools), name)

    def run(self, *words, **kw):
        """Our binary with these words."""
        return Proc([os.path.abspath(self.bin), *words], cwd=self.dir, **kw)

    def proc(self, argv, **kw):
        return Proc(argv, cwd=self.dir, **kw)

    def frps(self, conf=None, **kw):
        """A server on a free port, in .conf["bindPort"], unless it is told
        otherwise; only loopback is bound."""
        if not isinstance(conf, str):
            conf = dict(conf or {})
            conf.setdefault("bindAddr", "127.0.0.1")
            conf.setdefault("bindPort", free_port())
        return Frps(self.bin, conf, self.dir, **kw)

    def frpc(self, server, proxies=(), conf=None, **kw):
        """A client of that server (a Frps, a Relay or a port)."""
        if not isinstance(conf, str):
            conf = dict(conf or {})
            conf.setdefault("serverAddr", "127.0.0.1")
            conf.setdefault("serverPort", port_of(server))
            if proxies:
                conf["proxies"] = list(proxies)
        return Frpc(self.bin, conf, self.dir, **kw)


def port_of(server):
    if isinstance(server, Frps):
        return server.conf["bindPort"]
    return server if isinstance(server, int) else server.port


def tcp_proxy(name, local_port, remote_port=None, **more):
    """A row for proxies; the remote port is free unless it is given."""
    row = {"name": name, "type": "tcp", "localIP": "127.0.0.1",
           "localPort": local_port,
           "remotePort": free_port() if remote_port is None else remote_port}
    row.update(more)
    return row
