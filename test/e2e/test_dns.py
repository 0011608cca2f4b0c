# SPDX-License-Identifier: MIT
"""dnsServer: the client asks the name server it is told, and no other."""
import socket
import struct
import threading

from lib import (STARTED, EchoServer, check, echo, free_port, tcp_proxy,
                 timeout)

NAME = "frps.culvert.test"
A, AAAA = 1, 28


class NameServer:
    """Answers A of NAME with 127.0.0.1 and AAAA with nothing. mood: what it
    does instead - silent, truncate (by UDP), wrong_id (before the right
    one), nxdomain, servfail. .asked is each question: how, name, type, id
    and the asker's port."""

    def __init__(self, mood=""):
        self.mood, self.asked = mood, []
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.tcp = socket.create_server(("127.0.0.1", 0))
            self.port = self.tcp.getsockname()[1]
            try:
                self.udp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
        self.at = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._serve_udp, daemon=True).start()
        threading.Thread(target=self._serve_tcp, daemon=True).start()

    def _read(self, query, how, port):
        ident, at, labels = struct.unpack(">H", query[:2])[0], 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        self.asked.append((how, ".".join(labels), kind, ident, port))
        return ident, ".".join(labels), kind, query[12:at + 5]

    def _answer(self, query, how, port):
        ident, name, kind, question = self._read(query, how, port)

        def made(id, flags, ip=None):
            record = b"" if ip is None else (
                b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + ip)
            return struct.pack(">HHHHHH", id, flags, 1, ip is not None,
                               0, 0) + question + record
        if self.mood == "silent":
            return []
        if self.mood == "servfail":
            return [made(ident, 0x8182)]
        if self.mood == "nxdomain" or name != NAME:
            return [made(ident, 0x8183)]
        if self.mood == "truncate" and how == "udp":
            return [made(ident, 0x8380)]
        right = made(ident, 0x8180,
                     socket.inet_aton("127.0.0.1") if kind == A else None)
        if self.mood == "wrong_id":
            wrong = made(ident ^ 1, 0x8180, socket.inet_aton("127.0.0.9"))
            return [wrong, made(ident ^ 1, 0x8183), b"", b"x", right]
        return [right]

    def _serve_udp(self):
        while True:
            query, who = self.udp.recvfrom(4096)
            for answer in self._answer(query, "udp", who[1]):
                self.udp.sendto(answer, who)

    def _serve_tcp(self):
        while True:
            s, who = self.tcp.accept()
            with s:
                n = struct.unpack(">H", s.recv(2, socket.MSG_WAITALL))[0]
                query = s.recv(n, socket.MSG_WAITALL)
                for answer in self._answer(query, "tcp", who[1]):
                    # in two pieces, as it may come
                    s.sendall(struct.pack(">H", len(answer)) + answer[:7])
                    s.sendall(answer[7:])


def client_of(t, names, **conf):
    row = tcp_proxy("echo", EchoServer().port)
    conf = {"dnsServer": names.at, "serverAddr": NAME, **conf}
    return row["remotePort"], t.frpc(t.frps(), [row], conf, wait=0)


def works(t, names):
    port, client = client_of(t, names)
    client.wait_line(STARTED)
    check(echo(port, b"by name") == b"by name")


def test_the_server_is_found_by_a_name_of_ones_own(t):
    names = NameServer()
    works(t, names)
    kinds = sorted(kind for how, name, kind, *_ in names.asked)
    check(kinds == [A, AAAA], names.asked)
    check(len({q[4] for q in names.asked}) == 2, "one socket for both")


def test_a_truncated_answer_is_fetched_by_tcp(t):
    names = NameServer("truncate")
    works(t, names)
    check("tcp" in {q[0] for q in names.asked}, names.asked)


def test_answers_with_a_wrong_id_are_passed_over(t):
    works(t, NameServer("wrong_id"))


def test_a_name_that_is_not_ends_the_first_login(t):
    names = NameServer("nxdomain")
    _, client = client_of(t, names)
    check(client.wait() == 1)
    check(f"lookup {NAME} on {names.at}: no such host" in client.text,
          client.text)


def test_a_server_that_cannot_say_is_asked_three_times(t):
    names = NameServer("servfail")
    _, client = client_of(t, names)
    check(client.wait() == 1)
    check(f"lookup {NAME} on {names.at}: server misbehaving" in client.text)
    a = [q for q in names.asked if q[2] == A]
    check(len(a) == 3, names.asked)
    check(len({q[3] for q in names.asked}) > 1, "always the same id")
    check(len({q[4] for q in a}) > 1, "always the same socket")


def test_a_silent_server_is_a_timeout_and_is_asked_again(t):
    names = NameServer("silent")
    port, client = client_of(t, names, loginFailExit=False)
    client.wait_line(f"lookup {NAME} on {names.at}: i/o timeout", timeout=12)
    names.mood = ""
    client.wait_line(STARTED, timeout=20)
    check(echo(port, b"at last") == b"at last")


def test_the_end_does_not_wait_for_a_silent_server(t):
    names = NameServer("silent")
    _, client = client_of(t, names)
    client.wait_line("try to connect")
    client.signal(15)
    client.wait(timeout=1.5)


def test_nobody_at_the_servers_port_is_said(t):
    at = f"127.0.0.1:{free_port()}"
    client = t.frpc(1, conf={"dnsServer": at, "serverAddr": NAME}, wait=0)
    check(client.wait() == 1)
    check(f"lookup {NAME} on {at}: connection refused" in client.text,
          client.text)


def test_numbers_and_localhost_need_no_server(t):
    names = NameServer("nxdomain")
    for i, host in enumerate(("127.0.0.1", "localhost")):
        row = tcp_proxy("echo", EchoServer().port)
        row["localIP"] = host
        t.frpc(t.frps(name=f"frps-{i}"), [row],
               {"dnsServer": names.at, "serverAddr": host},
               name=f"frpc-{i}")
        check(echo(row["remotePort"], b"x") == b"x")
    check(not names.asked, names.asked)


def test_the_services_name_is_asked_there_too(t):
    names = NameServer()
    row = tcp_proxy("echo", EchoServer().port)
    row["localIP"] = NAME
    t.frpc(t.frps(), [row], {"dnsServer": names.at})
    check(echo(row["remotePort"], b"x") == b"x")


def test_the_flag_does_the_same(t):
    names = NameServer()
    port, server = free_port(), t.frps()
    client = t.run("frpc", "tcp", "-s", NAME, "-P",
                   str(server.conf["bindPort"]), "--dns_server", names.at,
                   "-l", str(EchoServer().port), "-r", str(port), "-n", "x")
    client.wait_line(STARTED)
    check(echo(port, b"x") == b"x")


@timeout(30)
def test_what_is_no_address_is_an_error_of_the_settings(t):
    wrong = ("dns.example", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
             "127.0.0.1:+1", "127.0.0.1:5x", ":53", "300.0.0.1", "[::1",
             "[::1]:", "::1]:53", "[127.0.0.1", "fe80:::53")
    for i, at in enumerate(wrong):
        client = t.frpc(1, conf={"dnsServer": at}, wait=0, name=f"frpc-{i}")
        check(client.wait() == 1)
        check(f"invalid dnsServer '{at}'" in client.text, client.text)
        client = t.run("frpc", "tcp", "--dns_server", at, "-l", "1", "-r",
                       "2", "-n", "x")
        check(client.wait() == 1)
        check(f"invalid dnsServer '{at}'" in client.text, client.text)
    for i, at in enumerate(("::1", "[::1]", "[::1]:5353", "10.0.0.1",
                            "10.0.0.1:5353")):
        path = t.write(f"right-{i}.toml", f'dnsServer = "{at}"\n')
        client = t.run("frpc", "verify", "-c", path)
        check(client.wait() == 0, client.text)
