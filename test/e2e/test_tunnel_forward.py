# SPDX-License-Identifier: MIT
"""What goes through the forwards of tunnel start."""
import socket
import subprocess

from lib import check, free_port, until
from proc import forking
from socks import (CONNECT, DENIED, HELLO, NO_COMMAND, OK, REFUSED, UDP,
                   Asked, Web, curl)
from tunnels import Bastion, Tunnels, worker_user
from udp import UdpEcho
from wire import (DuplexServer, EchoServer, Relay, Service, SinkServer, dial,
                  digest, duplex, echo, in_thread, pattern, read_exactly,
                  read_to_end, reserve, try_port)


def turned_away(port):
    try:
        with dial(port) as s:
            return s.recv(1) == b""
    except ConnectionResetError:
        return True


def two_ports():
    """Free ones, side by side."""
    while True:
        first = free_port()
        try:
            reserve(first + 1)
            try_port(first + 1)
            return first
        except OSError:
            continue


class EchoAt(EchoServer):
    """On a port that was chosen before."""

    def __init__(self, port):
        Service.__init__(self, port)


def test_a_local_forward_carries_different_bytes_each_way_at_once(t):
    with worker_user(t) as u:
        at = free_port()
        u.start("-L", f"{at}:localhost:{DuplexServer().port}")
        wrong = duplex(at, 5_000_000, 3_000_000)
        check(not wrong, wrong)
        f = u.forward()
        check(f["total"] == 1 and f["sent"] >= 5_000_000 and
              f["received"] >= 3_000_000, f)


def test_each_end_ends_alone(t):
    with worker_user(t) as u:
        at, sink = free_port(), SinkServer()
        u.start("-L", f"{at}:127.0.0.1:{sink.port}")
        data = pattern(1_000_000)
        with dial(at) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            check(read_to_end(s) == f"{len(data)} {digest(data)}\n".encode())


def test_it_listens_on_both_loopback_addresses_or_where_it_is_told(t):
    with worker_user(t) as u:
        both, one, service = free_port(), free_port(), EchoServer()
        u.start("-L", f"{both}:localhost:{service.port}",
                "-L", f"127.0.0.2:{one}:localhost:{service.port}")
        for host, port in (("127.0.0.1", both), ("::1", both),
                           ("127.0.0.2", one)):
            with dial(port, host) as s:
                s.sendall(b"hello")
                check(read_exactly(s, 5) == b"hello", host)
        for host in ("127.0.0.1", "::1"):
            with socket.socket(socket.AF_INET6 if ":" in host else
                               socket.AF_INET) as s:
                check(s.connect_ex((host, one)) != 0, host)


def test_a_range_of_ports_leads_to_a_range(t):
    with worker_user(t) as u:
        at, to = two_ports(), two_ports()
        u.start("-L", f"{at}-{at + 1}:localhost:{to}-{to + 1}")
        for i in (0, 1):
            service = EchoAt(to + i)
            check(echo(at + i, b"hello") == b"hello")
            check(service.accepted == 1)
        u.refused("-L", "8000-8001:localhost:9000-9002", code=2).says(
            2, "the two ranges are of different lengths")


def test_a_dynamic_forward_leads_to_names_and_addresses(t):
    six = Web("::1")
    with worker_user(t, bastion=Bastion(
            t, allow="1-65535,[::1],localhost")) as u:
        at, web = free_port(), Web()
        u.start("-D", str(at))
        for url in (f"http://127.0.0.1:{web.port}/",
                    f"http://localhost:{web.port}/",
                    f"http://[::1]:{six.port}/"):
            check(curl(at, url) == HELLO, url)
        # a name that this side cannot know is looked up over there
        check(curl(at, f"http://127.0.0.1:{web.port}/", names=False) == HELLO)
        check(curl(at, "http://no-such-name.invalid/") is None)


def test_a_dynamic_forward_says_why_not(t):
    with worker_user(t, bastion=Bastion(t, allow="1024-65535")) as u:
        at = free_port()
        u.start("-D", str(at))
        check(Asked(at, "127.0.0.1", 22).code == DENIED)
        check(Asked(at, "127.0.0.1", free_port()).code == REFUSED)
        check(Asked(at, "127.0.0.1", 53, UDP).code == NO_COMMAND)
        check(u.is_up(), "what one target refuses is not the forward's fault")
        check("refused" in u.forward()["error"], u.forward())
        with dial(at) as s:
            s.sendall(b"GET / HTTP/1.1\r\n\r\n")
            check(read_to_end(s) == b"", "that was no SOCKS")


def test_early_bytes_behind_a_socks_request_arrive(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        u.start("-D", str(at))
        a = Asked(at, "127.0.0.1", service.port, CONNECT, b"early")
        check(a.code == OK and read_exactly(a.s, 5) == b"early")


def answer_dns(s):
    """Each question gets the address 192.0.2.7."""
    while True:
        q, who = s.recvfrom(2048)
        end = q.index(b"\0", 12) + 5
        s.sendto(q[:2] + b"\x85\x80\0\1\0\1\0\0\0\0" + q[12:end] +
                 b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7", who)


def test_datagrams_reach_a_name_server(t):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    in_thread(answer_dns, server)
    with worker_user(t) as u:
        at = free_port()
        u.start("-L", f"{at}:localhost:{server.getsockname()[1]}/udp")
        for host in ("127.0.0.1", "::1"):
            with forking:
                p = subprocess.Popen(
                    ["dig", f"@{host}", "-p", str(at), "+short", "+tries=5",
                     "+time=3", "gpu.example"], stdout=subprocess.PIPE)
            check(p.communicate(timeout=30)[0] == b"192.0.2.7\n", host)
        f = u.forward()
        check(f["udp"] and f["total"] == 2 and f["connections"] == 2 and
              f["sent"] > 40 and f["received"] > 40, f)


def test_a_public_forward_that_is_refused_leaves_nothing(t):
    with worker_user(t) as u:
        taken, local = EchoServer(), free_port()
        done = u.refused("-R", f"public:{taken.port}:localhost:1", "-L",
                         str(local))
        done.says(1, f"-R 'public:{taken.port}:localhost:1': ")
        check(u.left() == [] and not u.is_up(), u.left())
        with socket.socket() as s:
            check(s.connect_ex(("127.0.0.1", local)) != 0)


def test_users_wait_while_the_far_side_is_away(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}")
        u.bastion.server.kill()
        u.wait_away()
        early = [dial(at, host) for host in ("127.0.0.1", "::1")]
        for s in early:
            s.sendall(b"sent meanwhile")
        until(lambda: u.forward()["waiting"] == 2, what="both wait")
        early[1].shutdown(socket.SHUT_WR)
        u.bastion.server = u.bastion.server.again()
        check(read_exactly(early[0], 14) == b"sent meanwhile")
        check(read_to_end(early[1]) == b"sent meanwhile")
        u.wait_up()
        check(u.status()["reconnects"] == 1)


def test_no_more_than_64_wait(t):
    with worker_user(t) as u:
        at, service = free_port(), EchoServer()
        u.start("-L", f"{at}:localhost:{service.port}")
        u.bastion.server.kill()
        u.wait_away()
        users = [dial(at) for _ in range(64)]
        until(lambda: u.forward()["waiting"] == 64, what="all wait")
        check(turned_away(at))
        f = u.forward()
        check(f["waiting"] == 64 and "too many wait" in f["error"], f)
        u.bastion.server = u.bastion.server.again()
        for s in users:
            s.sendall(b"x")
        check(all(read_exactly(s, 1) == b"x" for s in users))


def test_a_target_that_refuses_is_told_of_its_forward(t):
    with worker_user(t) as u:
        good, bad, nobody = free_port(), free_port(), free_port()
        service = EchoServer()
        u.start("-L", f"{good}:localhost:{service.port}",
                "-L", f"{bad}:localhost:{nobody}")
        check(turned_away(bad))
        until(lambda: u.forward(1)["state"] == "refused", what="it is told")
        check("refused" in u.forward(1)["error"], u.forward(1))
        check(u.forward(0)["state"] == "up")
        check(u.run("status").code == 1, "some are not up")
        check(echo(good, b"one's trouble is not the other's") ==
              b"one's trouble is not the other's")
        EchoAt(nobody)
        check(echo(bad, b"it is back") == b"it is back")
        check(u.is_up())


def test_two_users_at_once(t):
    service = EchoServer()
    bastion = Bastion(t)
    with worker_user(t, "ann", bastion) as ann, \
            worker_user(t, "bob", bastion) as bob:
        a, b = free_port(), free_port()
        ann.start("-L", f"{a}:localhost:{service.port}")
        bob.start("-L", f"{b}:localhost:{service.port}")
        check(echo(a, b"ann") == b"ann" and echo(b, b"bob") == b"bob")
        ann.run("stop").says(0, "Stopped tunnel (PID: ")
        check(echo(b, b"bob") == b"bob" and bob.is_up())


def test_a_cut_link_is_mended(t):
    bastion = Bastion(t)
    relay = Relay(bastion.port)
    with Tunnels(t) as u:
        at, service = free_port(), EchoServer()
        u.far = bastion.far(relay.port)
        u.start("-L", f"{at}:localhost:{service.port}")
        for reset in (False, True):
            relay.cut(reset)
            check(echo(at, b"over the next link") == b"over the next link")
        until(lambda: u.status()["reconnects"] == 2, what="both are counted")


def test_datagrams_come_back_after_the_bastion_did(t):
    with worker_user(t) as u:
        at, service = free_port(), UdpEcho()
        u.start("-L", f"{at}:localhost:{service.port}/udp")
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(0.5)

        def answered():
            s.sendto(b"hello", ("127.0.0.1", at))
            try:
                return s.recv(100) == b"hello"
            except TimeoutError:
                return False
        until(answered, what="an answer")
        u.bastion.server.kill()
        u.wait_away()
        u.bastion.server = u.bastion.server.again()
        until(answered, 30, what="an answer again")
