"""Claims to names of others by who is gone at once (see test_attack.py), or by
who is silent, in chains."""
import re

from attacked import BARE, ROUNDS, World, lives, undisturbed
from frp import NEW_PROXY, NEW_PROXY_RESP, REQ_WORK, port_in
from lib import check
from meanwhile import reset, stopped
from mux import data, ping
from pairs import every_way


def claim_and_go(w, *names):
    """Claims these in one piece, and is gone. On a link a ping goes before
    them: its answer is what meets the reset."""
    c, link = w.control()
    text = b"".join(c.seal(NEW_PROXY, proxy_name=n, proxy_type="tcp",
                           remote_port=0) for n in names)
    with stopped(w.pid):
        (link or c).s.sendall(ping() + data(c.s.id, text) if link else text)
        reset((link or c).s)


def test_a_claim_of_a_held_name_whose_claimer_is_gone_harms_nobody(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for _ in range(ROUNDS):
                claim_and_go(w, w.held)
                still()
                claim_and_go(w, w.held, w.held, "another")
                still()
    every_way(work)


def test_claims_whose_holder_and_claimer_are_gone_harm_nobody(t):
    """The holder's end is a mere end: the first question to it is still
    sent, and the second one meets the reset that answers it."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for i in range(2 * ROUNDS):
                holder, _ = w.control()
                names = [f"held {i} {j}" for j in range(3)]
                for n in names:
                    port_in(holder.proxy(n))
                c, link = w.control()
                text = b"".join(c.seal(
                    NEW_PROXY, proxy_name=n, proxy_type="tcp",
                    remote_port=0) for n in names)
                with stopped(w.pid):
                    # the one whose event comes last is served first
                    if i % 2:
                        holder.close()
                    c.s.sendall(text)
                    reset(c.s)
                    if i % 2 == 0:
                        holder.close()
                still()
    every_way(work, BARE)


def stack_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmStk:\s*(\d+)", f.read())[1])


def chain(w, n):
    """Clients of which each but the first claims what the one before it
    holds, and none answers when the server asks whether it lives."""
    clients = []
    for i in range(n):
        c, link = w.control()
        c.link = link
        check(not c.proxy(f"link {i}", type="stcp", sk="x").get("error"))
        c.claim = c.seal(NEW_PROXY, proxy_name=f"link {i - 1}",
                         proxy_type="stcp", sk="x")
        clients.append(c)
        if link:
            link.silent = True
    for before, c in zip(clients, clients[1:]):
        # once it is asked whether it lives, it says nothing more
        pings = before.link.pings if before.link else 0
        c.s.sendall(c.claim)
        while before.link and before.link.pings == pings:
            before.link.pump()
        if not before.link:
            before.wait(REQ_WORK)
    return clients


def test_claimers_of_each_others_names_may_all_be_gone_at_once(t):
    """The end of each answers the claim of the next one, which is found to
    be gone by that: one after the other, not one within the other."""
    w = World(t, False, False, "")
    with undisturbed(w):
        clients = chain(w, 300)
        stack = stack_kib(w.pid)
        with stopped(w.pid):
            for c in clients:
                reset(c.s)
        w.server.wait_line("client exit success", times=len(clients))
        grown = stack_kib(w.pid) - stack
        check(grown <= 32, f"the stack has grown by {grown} KiB")
        c, _ = w.control()
        for i in (0, 1, 150, 299):
            said = c.proxy(f"link {i}", type="stcp", sk="x")
            check(not said.get("error"), said)


def answered(c):
    """Its claim is granted, unless it was thrown out itself by then."""
    while True:
        kind, said = c.receive()
        if kind in (NEW_PROXY_RESP, None):
            return not kind or not said.get("error")


def test_claimers_of_each_others_names_may_all_be_silent(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            clients = chain(w, 100)
            c, link = w.control()
            said = c.proxy(f"link {len(clients) - 1}", type="stcp", sk="x")
            check(not said.get("error"), said)
            check(all(answered(x) for x in clients[1:]))
            lives(c, link, port_in(c.proxy("mine")))
    every_way(work, [(True, False), (False, False)])
