"""Three hosts of our own, the middle one a router that stops to route: no
reset, no end, nothing comes any more, as when a cable is cut far away."""
import os
import subprocess
import threading
import time

from lib import Skip, check, timeout, waits


class Hosts:
    """bastion - router - worker, in network namespaces of their own."""

    def __init__(self):
        tag = f"cv{os.getpid() % 100000}"
        self.names = [f"{tag}{end}" for end in "brw"]
        self.bastion, self.router, self.worker = self.names

    def ip(self, *words, at=None):
        where = ["-n", at] if at else []
        subprocess.run(["ip", *where, *words], check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in self.names:
            self.ip("netns", "add", name)
            self.ip("link", "set", "dev", "lo", "up", at=name)
        for i, (host, end) in enumerate(((self.bastion, "left"),
                                         (self.worker, "right"))):
            self.ip("link", "add", "eth0", "netns", host, "type", "veth",
                    "peer", "name", end, "netns", self.router)
            self.ip("addr", "add", f"10.99.{i}.2/24", "dev", "eth0", at=host)
            self.ip("addr", "add", f"10.99.{i}.1/24", "dev", end,
                    at=self.router)
            self.ip("link", "set", "dev", "eth0", "up", at=host)
            self.ip("link", "set", "dev", end, "up", at=self.router)
            self.ip("route", "add", "default", "via", f"10.99.{i}.1",
                    at=host)
        self.route(True)

    def route(self, on):
        subprocess.run(["ip", "netns", "exec", self.router, "sh", "-c",
                        f"echo {int(on)} >/proc/sys/net/ipv4/ip_forward"],
                       check=True)

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False,
                           stderr=subprocess.DEVNULL)


def can_make_hosts():
    try:
        with Hosts():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@waits
@timeout(60)
def test_a_cut_network_is_noticed_by_both_ends_within_thirty_seconds(t):
    """By default, in each way: with a mux by its pings, without one by TCP's
    own."""
    if not can_make_hosts():
        raise Skip("no network namespaces can be made here (root and iproute2 "
                   "are needed)")
    took, wrong = {}, []

    def look(end, proc, regex, mark, began):
        try:
            proc.wait_line(regex, timeout=35, since=mark)
            took[end] = time.monotonic() - began
        except AssertionError as e:
            wrong.append(f"{end}: {e}")

    with Hosts() as hosts:
        def start(host, name, words):
            return t.proc(["ip", "netns", "exec", host,
                           os.path.abspath(t.bin), *words], name=name)
        ends = []
        for i, (mux, tls) in enumerate(((1, 1), (1, 0), (0, 1), (0, 0))):
            name = f"{'mux' if mux else 'bare'}-{'tls' if tls else 'plain'}"
            port, flag = 7000 + i, str(bool(mux)).lower()
            server = start(hosts.bastion, name + "-s", ["frps", "-c", t.write(
                f"s{i}.toml", f"bindPort = {port}\n"
                f"transport.tcpMux = {flag}\n")])
            server.wait_line("frps started successfully")
            client = start(hosts.worker, name + "-c", ["frpc", "-c", t.write(
                f"c{i}.toml", 'serverAddr = "10.99.0.2"\n'
                f"serverPort = {port}\ntransport.tcpMux = {flag}\n"
                f"transport.tls.enable = {str(bool(tls)).lower()}\n"
                '[[proxies]]\nname = "a"\ntype = "tcp"\nlocalPort = 22\n')])
            client.wait_line("start proxy success")
            ends += [(name + " client", client,
                      "connection to the server is lost"),
                     (name + " server", server, "is lost: ")]
        marks = [end[1].mark() for end in ends]
        began = time.monotonic()
        hosts.route(False)
        threads = [threading.Thread(target=look, args=(*end, mark, began))
                   for end, mark in zip(ends, marks)]
        for th in threads:
            th.start()
        for th in threads:
            th.join()
        check(not wrong, wrong)
        hosts.route(True)
        for end, proc, _ in ends:
            if end.endswith("client"):
                proc.wait_line("start proxy success", times=2)
        print("\n".join(f"{end}: {s:.1f} s" for end, s in sorted(
            took.items())))
        check(max(took.values()) <= 30, took)
        for _, proc, _ in ends:
            proc.stop()
