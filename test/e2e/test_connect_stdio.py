"""connect --stdio: bare bytes, for ProxyCommand and for people with pipes."""
import os
import re
import shutil
import socket
import subprocess

import lib
from lib import EchoServer, check, until
from people import (NAME, SECRET, TOKEN, Ssh, Stand, need,
                    only_worker_processes, openssh, private)
from proc import descendants
from socks import real_frpc, real_frps
from wire import Service, digest, pattern, read_to_end

MIB = 1024 * 1024


class LateAnswer(Service):
    """Reads to the end, and only then says how much it was."""

    def serve(self, s):
        data = read_to_end(s)
        s.sendall(f"{len(data)} {digest(data)}\n".encode())


class EarlyEnd(Service):
    """Ends its half at once, and keeps what comes then."""
    got = b""

    def serve(self, s):
        s.sendall(b"that is all")
        s.shutdown(socket.SHUT_WR)
        EarlyEnd.got = read_to_end(s)


def test_an_answer_after_the_end_of_input_arrives_whole(t):
    late = LateAnswer()
    s = Stand(t, late.port)
    data = pattern(5 * MIB)
    p = s.said("connect", "--stdio", NAME, late.port, stdin=data)
    check(p.returncode == 0 and p.stderr == "", p.stderr)
    check(p.stdout == f"{len(data)} {digest(data)}\n".encode(), p.stdout)


def test_what_is_still_to_be_sent_is_sent_after_the_far_end_has_ended(t):
    early = EarlyEnd()
    s = Stand(t, early.port)
    data = pattern(3 * MIB)
    p = s.said("connect", "--stdio", NAME, early.port, stdin=data)
    check(p.returncode == 0 and p.stdout == b"that is all", p.stderr)
    until(lambda: len(EarlyEnd.got) == len(data), what="all bytes there")


def test_the_port_may_be_a_word_an_option_or_22(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    for words in ((NAME, echo.port), (NAME, "-p", echo.port),
                  (f"{NAME}.worker", echo.port)):
        p = s.said("connect", "--stdio", *words, stdin=b"hello")
        check(p.stdout == b"hello" and p.returncode == 0, p.stderr)
        p = s.said("connect", *words, "--stdio", stdin=b"hello")
        check(p.stdout == b"hello", p.stderr)
    s.refused("^Error: port 22 is not offered", "connect", "--stdio", NAME,
              status=255)


def test_failures_are_one_line_and_nothing_on_standard_output(t):
    s = Stand(t, 1)
    s.refused("^Error: .*gpu-1.*refused", "connect", "--stdio", NAME, 1,
              status=255)
    s.refused("^Error: worker 'nobody' is not known", "connect", "--stdio",
              "nobody", status=255)
    s.refused("^Error: bastion '127.0.0.1:1' cannot be reached", "connect",
              "--stdio", NAME, "--server", "127.0.0.1:1", status=255)


def test_closed_descriptors_are_as_empty_ones(t):
    late = LateAnswer()
    s = Stand(t, late.port)
    line = f'exec "{os.path.abspath(t.bin)}" connect --stdio {NAME} {late.port}'
    p = subprocess.run(["sh", "-c", line + " <&-"], env=s.env, timeout=30,
                       capture_output=True)
    check(p.stdout.startswith(b"0 ") and p.returncode == 0, p)
    p = subprocess.run(["sh", "-c", line + " <&- >&-"], env=s.env,
                       timeout=30, capture_output=True)
    check(p.returncode == 0, p)


def test_one_socket_may_be_both_and_files_do(t):
    late = LateAnswer()
    s = Stand(t, late.port)
    data = pattern(MIB)
    a, b = socket.socketpair()
    p = subprocess.Popen([os.path.abspath(t.bin), "connect", "--stdio", NAME,
                          str(late.port)], env=s.env, stdin=b, stdout=b)
    b.close()
    a.settimeout(30)
    a.sendall(data)
    a.shutdown(socket.SHUT_WR)
    want = f"{len(data)} {digest(data)}\n".encode()
    check(read_to_end(a) == want)
    check(p.wait(30) == 0)
    with open(t.path("in"), "wb") as f:
        f.write(data)
    with open(t.path("in"), "rb") as f, open(t.path("out"), "wb") as to:
        p = subprocess.run([os.path.abspath(t.bin), "connect", "--stdio",
                            NAME, str(late.port)], env=s.env, stdin=f,
                           stdout=to, timeout=30)
    with open(t.path("out"), "rb") as f:
        check(f.read() == want and p.returncode == 0)


def test_flags_of_shared_descriptors_stay(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    r, w = os.pipe()
    out_r, out_w = os.pipe()
    p = subprocess.Popen([os.path.abspath(t.bin), "connect", "--stdio", NAME,
                          str(echo.port)], env=s.env, stdin=r, stdout=out_w)
    os.write(w, b"x")
    check(os.read(out_r, 1) == b"x")
    check(os.get_blocking(r) and os.get_blocking(out_w), "made non-blocking")
    for fd in (w, r, out_w):
        os.close(fd)
    check(os.read(out_r, 1) == b"" and p.wait(30) == 0)
    os.close(out_r)


def asked(s, t, words, data, **env):
    """What comes back before standard input ends: frp's own programs end
    both ways when one has ended."""
    p = subprocess.Popen([os.path.abspath(t.bin), *words],
                         env=dict(s.env, **env), stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    p.stdin.write(data)
    p.stdin.flush()
    got = p.stdout.read(len(data))
    p.stdin.close()
    check(p.wait(30) == 0, p.returncode)
    p.stdout.close()
    return got


def test_a_service_without_a_worker_is_reached_by_its_name(t):
    """A plain stcp service of the real frpc, and a real frps."""
    echo = EchoServer()
    server = real_frps(t, TOKEN)
    real_frpc(t, server, auth={"token": TOKEN}, proxies=[
        {"name": "plain", "type": "stcp", "secretKey": SECRET,
         "localIP": "127.0.0.1", "localPort": echo.port}]).wait_line(
             "start proxy success")
    s = Stand(t, frps=server)
    words = ("connect", "--stdio", "--tcp", "plain", "--secret-file",
             s.secret)
    check(asked(s, t, words, b"hello") == b"hello")
    # from options alone
    more = ("--server", f"127.0.0.1:{s.port}", "--token-file", s.token)
    check(asked(s, t, words + more, b"hello",
                CULVERT_CONFIG="/dev/null") == b"hello")
    s.refused("^Error: ", "connect", "--stdio", "--tcp", "other",
              "--secret-file", s.secret, status=255)
    other = private(t, "other", "wrong")
    s.refused("^Error: ", "connect", "--stdio", "--tcp", "plain",
              "--secret-file", other, status=255)


def test_ssh_reaches_a_service_without_a_worker(t):
    sshd = openssh.start_sshd(t.dir)
    server = t.frps({"auth": {"token": TOKEN}})
    real_frpc(t, server, auth={"token": TOKEN}, proxies=[
        {"name": "box", "type": "stcp", "secretKey": SECRET,
         "localIP": "127.0.0.1", "localPort": sshd}]).wait_line(
             "start proxy success")
    s = Stand(t, frps=server)
    p = s.said("connect", "--tcp", "box", "--secret-file", s.secret, "--key",
               t.path("user_key"), "--", "-F", "none", "-o",
               f"UserKnownHostsFile={t.path('known')}", "echo x; exit 4")
    check(p.stdout == b"x\n" and p.returncode == 4, p.stderr)


# ---- as a ProxyCommand of ssh, scp, rsync and git

def ssh_config(s, t, *own, bin=None):
    """What the command prints, and what only tests need, as a file."""
    text = subprocess.run(
        [bin or os.path.abspath(t.bin), "connect", "--print-ssh-config",
         *own], env=s.env, check=True, capture_output=True, text=True).stdout
    return t.write("ssh_config", text + f"Host *\n\tUserKnownHostsFile "
                   f"{t.path('known')}\n\tBatchMode yes\n\tIdentitiesOnly "
                   "yes\n\tLogLevel ERROR\n")


def test_ssh_finds_workers_by_the_printed_settings(t):
    s = Ssh(t)
    conf = ssh_config(s, t)
    before = set(descendants(os.getpid()))
    p = subprocess.run([need("ssh"), "-F", conf, f"{NAME}.worker",
                        "echo x; exit 6"], env=s.env, capture_output=True,
                       text=True, timeout=30)
    check(p.stdout == "x\n" and p.returncode == 6, p.stderr)
    with open(t.path("known")) as f:
        check(f.read().startswith(f"{NAME} "), "not under its name")
    until(only_worker_processes(before), what="no process left")


def test_printed_settings_hold_whatever_paths_there_are(t):
    s = Ssh(t)
    odd = t.path("it's 100% $(odd) \"dir\"")
    os.mkdir(odd)
    shutil.copy(t.bin, os.path.join(odd, "culvert"))
    shutil.copy(s.secret, os.path.join(odd, "secret"))
    conf = ssh_config(s, t, "--secret-file", os.path.join(odd, "secret"),
                      "--server", f"127.0.0.1:{s.port}",
                      bin=os.path.join(odd, "culvert"))
    private(t, "config.toml", f'[bastion]\nserver="127.0.0.1:{s.port}"\n'
            f'token="{TOKEN}"\n')
    p = subprocess.run([need("ssh"), "-F", conf, "-i", t.path("user_key"),
                        "-p", str(s.sshd), "-o", f"HostKeyAlias={NAME}",
                        f"{NAME}.worker", "echo x"], env=s.env,
                       capture_output=True, text=True, timeout=30)
    check(p.stdout == "x\n", p.stderr)


def test_what_would_break_a_line_of_the_settings_is_refused(t):
    s = Stand(t)
    s.refused("^Error: what has a line end in it", "connect",
              "--print-ssh-config", "--server", "x\ny", status=255)


def copy_and_back(t, mib):
    s = Ssh(t)
    conf = ssh_config(s, t)
    with open(t.path("big"), "wb") as f:
        for i in range(mib):
            f.write(pattern(MIB, i))
    want = openssh.file_digest(t.path("big"))
    for source, to in ((t.path("big"), f"{NAME}.worker:{t.path('there')}"),
                       (f"{NAME}.worker:{t.path('there')}", t.path("back"))):
        subprocess.run([need("scp"), "-q", "-F", conf, source, to],
                       env=s.env, check=True, timeout=1200)
    for name in ("there", "back"):
        check(openssh.file_digest(t.path(name)) == want, f"{name} differs")


@lib.timeout(180)
def test_scp_copies_a_big_file_there_and_back(t):
    copy_and_back(t, 64)


def soak_scp_copies_a_gibibyte_there_and_back(t):
    copy_and_back(t, 1024)


@lib.timeout(120)
def test_rsync_and_git_work_through_it(t):
    s = Ssh(t)
    conf = ssh_config(s, t)
    env = dict(s.env, GIT_SSH_COMMAND=f"ssh -F {conf}",
               GIT_CONFIG_GLOBAL="/dev/null", GIT_AUTHOR_NAME="a",
               GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a",
               GIT_COMMITTER_EMAIL="a@b")
    os.makedirs(t.path("tree", "sub"))
    for i in range(50):
        with open(t.path("tree", "sub", f"{i}"), "wb") as f:
            f.write(pattern(20000 + i, i))
    subprocess.run([need("rsync"), "-a", "-e", f"ssh -F {conf}",
                    t.path("tree") + "/", f"{NAME}.worker:{t.path('copy')}/"],
                   env=env, check=True, timeout=60)
    check(subprocess.run(["diff", "-r", t.path("tree"),
                          t.path("copy")]).returncode == 0, "rsync")
    git = [need("git"), "-C", t.path("tree")]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], env=env, check=True)
    subprocess.run([git[0], "clone", "-q",
                    f"ssh://{NAME}.worker{t.path('tree')}", t.path("clone")],
                   env=env, check=True, timeout=60)
    check(subprocess.run(["diff", "-r", "-x", ".git", t.path("tree"),
                          t.path("clone")]).returncode == 0, "git")


def test_nothing_but_the_connection_is_on_standard_output(t):
    echo = EchoServer()
    s = Stand(t, echo.port)
    p = s.said("connect", "--stdio", "-v", NAME, echo.port, stdin=b"only")
    check(p.stdout == b"only", p.stdout)
    check(re.search("^culvert: authenticating$", p.stderr, re.M), p.stderr)
