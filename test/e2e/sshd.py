"""A real sshd of the current user on loopback, and what ssh needs for it."""
import getpass
import os
import shutil
import subprocess

from lib import Skip, check, free_port

USER = getpass.getuser()


def find(name):
    path = shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Skip(f"there is no {name} here")
    return path


def make_key(path):
    for old in (path, path + ".pub"):
        if os.path.exists(old):
            os.remove(old)
    subprocess.run([find("ssh-keygen"), "-q", "-t", "ed25519", "-N", "",
                    "-f", path], check=True)
    return path


class Sshd:
    """more: lines of its settings, which go first. SHLVL keeps bash from the
    settings of whoever runs the tests: what those start may outlive them."""

    def __init__(self, t, *more, name="sshd"):
        self.t, self.name, self.port = t, name, free_port()
        self.key = make_key(t.path(f"{name}_user"))
        self.host_key = make_key(t.path(f"{name}_host"))
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.conf = t.write(f"{name}.conf", "\n".join(more) + f"""
Port {self.port}
ListenAddress 127.0.0.1
HostKey {self.host_key}
PidFile none
SetEnv HOME={t.dir}
AuthorizedKeysFile {self.key}.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
SetEnv SHLVL=9
MaxStartups 100
MaxSessions 1000
""")
        self.start()

    def start(self):
        self.proc = self.t.proc([find("sshd"), "-D", "-e", "-f", self.conf],
                                name=self.name)
        self.proc.wait_line("Server listening on")

    def words(self, **more):
        """For test/tools/farside.c."""
        dir = self.t.path(f"{self.name}_dir")
        os.makedirs(dir, mode=0o700, exist_ok=True)
        words = {"ssh": f"127.0.0.1:{self.port}", "login": USER,
                 "key": self.key, "dir": dir,
                 "known_hosts": self.t.path(f"{self.name}_known"), **more}
        return [f"{k}={v}" for k, v in words.items()]
