"""Who is measured: how each is started as user -> server -> client ->
service, in each of its modes."""
import getpass
import os
import shutil
import socket
import subprocess
import time

from tunnel import Missing, Tunnel, free_port, write

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build")
OURS = "culvert"

# Name: whether the link is encrypted, and whether it is shared.
MODES = {"TLS+mux": (True, True), "TLS": (True, False),
         "plain+mux": (False, True), "plain": (False, False)}


def tool(name):
    path = shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Missing(f"there is no {name} here (scripts/setup.sh bench)")
    return path


def built(*parts):
    path = os.path.join(BUILD, *parts)
    if not os.access(path, os.X_OK):
        raise Missing(f"there is no build/{'/'.join(parts)}")
    return path


class Frp:
    """frp, or whoever reads its settings."""
    udp = True

    def __init__(self, name, server, client, modes=None, more=None):
        self.name, self.server, self.client = name, server, client
        self.modes = modes or list(MODES)
        self.more = more or {}

    def server_conf(self, mode, port):
        return {"bindAddr": "127.0.0.1", "bindPort": port,
                "log": {"level": "warn"},
                "transport": {"tcpMux": MODES[mode][1], **self.more}}

    def client_conf(self, mode, port):
        tls, mux = MODES[mode]
        return {"serverAddr": "127.0.0.1", "serverPort": port,
                "log": {"level": "warn"},
                "transport": {"tcpMux": mux, "tls": {"enable": tls},
                              **self.more}}

    def start(self, mode, dir, service, via=None):
        """via(port): the port of a longer path to that one."""
        bind = free_port()
        t = Tunnel(self.name, mode, free_port())
        t.udp = self.udp
        t.run([*self.server, "-c", write(dir, "frps.toml", self.server_conf(
            mode, bind))], t.server, dir)
        conf = self.client_conf(mode, via(bind) if via else bind)
        conf["proxies"] = [
            {"name": kind, "type": kind, "localIP": "127.0.0.1",
             "localPort": service, "remotePort": t.port}
            for kind in ("tcp", "udp")]
        wait_port(t.server[0], bind)
        t.run([*self.client, "-c", write(dir, "frpc.toml", conf)],
              t.client, dir)
        return t.wait()

    def binaries(self):
        return sorted({self.server[0], self.client[0]})


def wait_port(p, port):
    """Until somebody listens, so that no client must come twice."""
    late = time.monotonic() + 15
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if not p.running() or time.monotonic() > late:
                raise Missing(f"{p.name}: {p.said()}") from None
            time.sleep(0.001)


def ours(binary, name=OURS, **more):
    binary = os.path.abspath(binary)
    return Frp(name, [binary, "frps"], [binary, "frpc"], more=more)


def real_frp(version, folder, modes=None):
    return Frp(f"frp {version}", [built("go", folder, "frps")],
               [built("go", folder, "frpc")], modes)


class Chisel:
    """Always inside SSH of its own, over one WebSocket."""
    name, modes, udp = "chisel", ["TLS+mux"], True

    def __init__(self):
        self.program = built("bench", "chisel", "chisel")

    def start(self, mode, dir, service, via=None):
        bind = free_port()
        t = Tunnel(self.name, mode, free_port())
        t.udp = True
        t.run([self.program, "server", "--reverse", "--host", "127.0.0.1",
               "--port", bind], t.server, dir)
        wait_port(t.server[0], bind)
        to = f"R:127.0.0.1:{t.port}:127.0.0.1:{service}"
        t.run([self.program, "client",
               f"http://127.0.0.1:{via(bind) if via else bind}", to,
               to + "/udp"], t.client, dir)
        return t.wait()

    def binaries(self):
        return [self.program]


class Rathole:
    """A connection for each user; encrypted with Noise."""
    name, modes, udp = "rathole", ["TLS", "plain"], True

    def __init__(self):
        self.program = built("bench", "rathole", "bin", "rathole")

    def transport(self, mode, server):
        if mode == "plain":
            return {"type": "tcp"}
        done = subprocess.run([self.program, "--genkey"], text=True,
                              capture_output=True, check=True)
        words = done.stdout.split()
        self.keys = getattr(self, "keys", None) or (words[2], words[-1])
        key = {"local_private_key": self.keys[0]} if server else \
            {"remote_public_key": self.keys[1]}
        return {"type": "noise", "noise": key}

    def start(self, mode, dir, service, via=None):
        bind = free_port()
        t = Tunnel(self.name, mode, free_port())
        t.udp = True
        at = f"127.0.0.1:{t.port}"
        conf = {"server": {
            "bind_addr": f"127.0.0.1:{bind}", "default_token": "bench",
            "transport": self.transport(mode, True), "services": {
                "tcp": {"type": "tcp", "bind_addr": at},
                "udp": {"type": "udp", "bind_addr": at}}}}
        t.run([self.program, "--server", write(dir, "server.toml", conf)],
              t.server, dir)
        wait_port(t.server[0], bind)
        to = f"127.0.0.1:{service}"
        conf = {"client": {
            "remote_addr": f"127.0.0.1:{via(bind) if via else bind}",
            "default_token": "bench",
            "transport": self.transport(mode, False), "services": {
                "tcp": {"type": "tcp", "local_addr": to},
                "udp": {"type": "udp", "local_addr": to}}}}
        t.run([self.program, "--client", write(dir, "client.toml", conf)],
              t.client, dir)
        return t.wait()

    def binaries(self):
        return [self.program]


class Ssh:
    """ssh -L against an sshd of our own."""
    modes, udp = ["TLS+mux"], False

    def __init__(self, name, cipher=None):
        self.name, self.cipher = name, cipher
        self.ssh, self.sshd = tool("ssh"), tool("sshd")
        self.keygen = tool("ssh-keygen")

    def key(self, dir, name):
        path = os.path.join(dir, name)
        subprocess.run([self.keygen, "-q", "-t", "ed25519", "-N", "", "-f",
                        path], check=True)
        return path

    def sshd_conf(self, dir, port):
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        return f"""Port {port}
ListenAddress 127.0.0.1
HostKey {self.key(dir, "host_key")}
PidFile none
AuthorizedKeysFile {self.key(dir, "user_key")}.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
"""

    def start(self, mode, dir, service, via=None):
        bind = free_port()
        t = Tunnel(self.name, mode, free_port())
        conf = write(dir, "sshd_config", self.sshd_conf(dir, bind))
        t.run([self.sshd, "-D", "-e", "-f", conf], t.client, dir)
        wait_port(t.client[0], bind)
        words = ["-F", "none", "-i", os.path.join(dir, "user_key"), "-o",
                 "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
                 "UserKnownHostsFile=/dev/null", "-o",
                 "ExitOnForwardFailure=yes", "-N", "-p",
                 via(bind) if via else bind, "-L",
                 f"127.0.0.1:{t.port}:127.0.0.1:{service}"]
        if self.cipher:
            words += ["-c", self.cipher]
        t.run([self.ssh, *words, f"{getpass.getuser()}@127.0.0.1"],
              t.server, dir)
        return t.wait()

    def binaries(self):
        return [self.ssh, self.sshd]


HAPROXY = """global
    maxconn 9000
    maxpipes 500
defaults
    mode tcp
    option splice-auto
    timeout connect 10s
    timeout client 600s
    timeout server 600s
listen hop
    bind 127.0.0.1:{near}
    server next 127.0.0.1:{far}
"""


class Haproxy:
    """Two of them in a row."""
    name, modes, udp = "haproxy x2", ["plain"], False

    def __init__(self):
        self.program = tool("haproxy")

    def start(self, mode, dir, service, via=None):
        middle = free_port()
        t = Tunnel(self.name, mode, free_port())
        for end, near, far in (
                (t.client, middle, service),
                (t.server, t.port, via(middle) if via else middle)):
            t.run([self.program, "-db", "-f", write(
                dir, f"{near}.cfg", HAPROXY.format(near=near, far=far))],
                end, dir)
        return t.wait()

    def binaries(self):
        return [self.program]


STUNNEL = """foreground = yes
pid =
syslog = no
debug = err
[hop]
client = {client}
accept = 127.0.0.1:{near}
connect = 127.0.0.1:{far}
{more}
"""


class Stunnel:
    """Two of them in a row, with TLS between."""
    name, modes, udp = "stunnel x2", ["TLS"], False

    def __init__(self):
        self.program, self.openssl = tool("stunnel"), tool("openssl")

    def start(self, mode, dir, service, via=None):
        middle = free_port()
        t = Tunnel(self.name, mode, free_port())
        cert = os.path.join(dir, "cert.pem")
        subprocess.run([
            self.openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", cert,
            "-out", cert + ".crt", "-subj", "/CN=bench", "-days", "30"],
            check=True, capture_output=True)
        for end, client, near, far, more in (
                (t.client, "no", middle, service,
                 f"cert = {cert}.crt\nkey = {cert}"),
                (t.server, "yes", t.port, via(middle) if via else middle,
                 "")):
            t.run([self.program, write(dir, f"{near}.conf", STUNNEL.format(
                client=client, near=near, far=far, more=more))], end, dir)
        return t.wait()

    def binaries(self):
        return [self.program]


class Direct:
    """No tunnel at all: what the machine itself can do."""
    name, modes, udp = "direct", [""], True

    def start(self, mode, dir, service, via=None):
        t = Tunnel(self.name, mode, via(service) if via else service)
        t.udp = True
        return t.wait()

    def binaries(self):
        return []


FOREIGN = [
    ("frp 0.70.1", lambda: real_frp("0.70.1", "frp070")),
    # As it comes only, so that the whole ends within half an hour.
    ("frp 0.61.0", lambda: real_frp("0.61.0", "frp061", ["TLS+mux"])),
    ("rathole", Rathole),
    ("chisel", Chisel),
    ("ssh -L aes128-gcm", lambda: Ssh("ssh -L aes128-gcm",
                                      "aes128-gcm@openssh.com")),
    ("ssh -L", lambda: Ssh("ssh -L")),
    ("stunnel x2", Stunnel),
    ("haproxy x2", Haproxy),
]


def foreign(names, say):
    """Those of FOREIGN that can be had; who is not is named."""
    found = []
    for name, make in FOREIGN:
        if name not in names:
            continue
        try:
            found.append(make())
        except Missing as e:
            say(f"{name} is left out: {e}")
    return found
