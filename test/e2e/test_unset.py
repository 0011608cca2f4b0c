# SPDX-License-Identifier: MIT
"""Variables in settings that are not set, and what verify opens."""
import os

from lib import EchoServer, check, echo, tcp_proxy
from tls_peers import pair

UNSET = "{{ .Envs.NOT_SET_HERE }}"
WHY = "the environment variable 'NOT_SET_HERE' is not set"


def refused(t, applet, name, text, why, **env):
    """Neither a start nor verify takes these settings."""
    path = t.write(name, text)
    env = {**os.environ, **env}
    for words in ((applet, "-c", path), (applet, "verify", "-c", path)):
        p = t.run(*words, env=env)
        check(p.wait() == 1 and why in p.text, p.text)


def verify(t, applet, text, status=0, **env):
    """What it says of these settings."""
    p = t.run(applet, "verify", "-c", t.write("it.toml", text),
              env={**os.environ, **env})
    check(p.wait() == status, p.text)
    return p.text


def test_a_token_of_a_variable_that_is_not_set_opens_no_server(t):
    text = f'bindPort = 0\nauth.token = "{UNSET}"\n'
    refused(t, "frps", "frps.toml", text, "auth.token: " + WHY)
    refused(t, "frpc", "frpc.toml", f'auth.token = "{UNSET}"\n',
            "auth.token: " + WHY)


def test_a_token_of_an_empty_variable_opens_no_server(t):
    refused(t, "frps", "frps.toml", 'bindPort = 0\n'
            'auth.token = "{{ .Envs.TOKEN }}"\n',
            "auth.token: the environment variable 'TOKEN' is empty", TOKEN="")


def test_a_secret_of_a_variable_that_is_not_set_publishes_nothing(t):
    for kind, more in (("proxies", "localPort = 22\n"),
                       ("visitors", 'serverName = "b"\nbindPort = 1\n')):
        refused(t, "frpc", "frpc.toml", f'[[{kind}]]\nname = "a"\n'
                f'type = "stcp"\nsecretKey = "{UNSET}"\n{more}',
                "a: secretKey: " + WHY)


def test_a_path_of_a_variable_that_is_not_set_is_told_by_its_name(t):
    refused(t, "frps", "frps.toml",
            'auth.tokenSource = { type = "file", file = { path = "'
            + UNSET + '/token" } }\n', "auth.tokenSource: " + WHY)
    refused(t, "frpc", "frpc.toml", f'includes = ["{UNSET}/*.toml"]\n',
            "includes: " + WHY)


def test_another_variable_that_is_not_set_is_as_in_frp_with_a_warning(t):
    server = t.frps({"auth.token": "x"})
    proxy = tcp_proxy("echo", EchoServer().port)
    client = t.frpc(server, [proxy], {"auth.token": "x", "user": UNSET})
    client.wait_line(r"\[W\].* user: " + WHY)
    client.wait_line(r"\[<no value>\.echo\] start proxy success")
    check(echo(proxy["remotePort"], b"hello") == b"hello")
    check("WARNING: user: " + WHY in verify(t, "frpc", f'user = "{UNSET}"'))
    check("WARNING: bindAddr: " + WHY in verify(
        t, "frps", f'bindAddr = "{UNSET}"'))


def test_verify_opens_the_files_that_are_named(t):
    token = 'auth.tokenSource = { type = "file", file = { path = "f" } }\n'
    tls = 'transport.tls.certFile = "%s"\ntransport.tls.keyFile = "%s"\n'
    (cert, key), (_, other) = pair("server"), pair("other")
    for applet in ("frps", "frpc"):
        check("open f: no such file" in verify(t, applet, token, 1))
        t.write("f", "a token\n")
        check("syntax is ok" in verify(t, applet, token))
        os.remove(t.path("f"))
        check("syntax is ok" in verify(t, applet, tls % (cert, key)))
        check("open nothing: no such" in verify(
            t, applet, tls % (cert, "nothing"), 1))
        check("private key does not belong" in verify(
            t, applet, tls % (cert, other), 1))
        check("trusted CA: " in verify(
            t, applet, f'transport.tls.trustedCaFile = "{key}"\n', 1))
    check("pin must be" in verify(t, "frpc", 'transport.tls.pin = "x"\n', 1))
    check(os.listdir(t.dir) == ["it.toml"], os.listdir(t.dir))


def test_verify_warns_of_a_log_that_cannot_be_opened(t):
    t.write("file", "")
    for applet in ("frps", "frpc"):
        check("WARNING: log.to: cannot open log 'file/log': not a directory"
              in verify(t, applet, 'log.to = "file/log"\n'))
        check("WARNING" not in verify(t, applet, 'log.to = "new/log"\n'))
    check(sorted(os.listdir(t.dir)) == ["file", "it.toml"])
