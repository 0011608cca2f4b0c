// SPDX-License-Identifier: MIT
#include "core/people.h"

#include "test/t.h"

#define PIN "sha256:" \
	"00112233445566778899aabbccddeeffffeeddccbbaa99887766554433221100"

static const char whole[] =
    "# mine\n"
    "[bastion]\n"
    "server = \"bastion.example:7000\"\n"
    "tokenFile = \"~/token\"\n"
    "pin = \"" PIN "\"\n"
    "user = \"team\"\n"
    "protocol = \"wss\"\n"
    "proxyURL = \"http://p:1\"\n"
    "tcpMux = false\n"
    "[bastions.lab]\n"
    "server = \"lab\"\n"
    "token = \"t\"\n"
    "tls = false\n"
    "[workers.gpu-1]\n"
    "secretFile = \"~/gpu-1\"\n"
    "bastion = \"lab\"\n"
    "serverUser = \"team\"\n"
    "sshUser = \"root\"\n"
    "sshPort = 2222\n"
    "sshKey = \"~/id\"\n"
    "[workers.\"a.b\"]\n"
    "secret = \"s\"\n"
    "[tunnels.dev]\n"
    "to = \"gpu-1\"\n"
    "local = [\"8000\", \"9000:db:5432\"]\n"
    "dynamic = [\"1080\"]\n"
    "remote = [\"6000:localhost:22\"]\n"
    "autoPort = true\n"
    "[tunnels.old]\n"
    "ssh = \"u@h\"\n"
    "key = \"k\"\n"
    "jump = \"j\"\n"
    "local = [\"1\"]\n";

static void
fails(const char *text, const char *want)
{
	struct people p;
	struct buf why = { 0 };

	CHECK(people_read(&p, text, strlen(text), "f", &why) < 0);
	CHECK_STR(buf_text(&why), want);
	CHECK(!p.bastions && !p.workers && !p.tunnels);
	buf_free(&why);
}

static bool
reads(struct people *p, const char *text)
{
	struct buf why = { 0 };
	int r = people_read(p, text, strlen(text), "f", &why);

	CHECK_STR(buf_text(&why), "");
	buf_free(&why);
	return r == 0;
}

TEST(people_may_have_several_pins_of_a_bastion)
{
	static const char list[] = "[bastion]\nserver = \"h\"\n"
				   "pin = [\"" PIN "\", \"" PIN "\"]\n";
	static const char text[] = "[bastion]\nserver = \"h\"\n"
				   "pin = \"" PIN "," PIN "\"\n";
	const char *const both[] = { list, text };
	struct people p;
	size_t i;

	for (i = 0; i < 2; i++)
		if (CHECK(reads(&p, both[i]))) {
			CHECK_STR(p.bastions[0].pin, PIN "," PIN);
			people_release(&p);
		}
}

TEST(people_settings_are_read_whole)
{
	const struct people_bastion *b;
	const struct people_worker *w;
	const struct people_tunnel *t;
	struct people p;

	if (!CHECK(reads(&p, whole)))
		return;
	CHECK(p.nbastions == 2 && p.nworkers == 2 && p.ntunnels == 2);
	CHECK(p.secrets);
	b = people_bastion(&p, NULL);
	if (CHECK(b && !b->name)) {
		CHECK_STR(b->server, "bastion.example:7000");
		CHECK_STR(b->token_file, "~/token");
		CHECK_STR(b->pin, PIN);
		CHECK_STR(b->user, "team");
		CHECK_STR(b->protocol, "wss");
		CHECK_STR(b->proxy_url, "http://p:1");
		CHECK(b->tls && !b->tcp_mux);
	}
	b = people_bastion(&p, "lab");
	if (CHECK(b)) {
		CHECK_STR(b->token, "t");
		CHECK(!b->tls && b->tcp_mux);
	}
	CHECK(!people_bastion(&p, "la"));
	w = people_worker(&p, "gpu-1");
	if (CHECK(w)) {
		CHECK_STR(w->secret_file, "~/gpu-1");
		CHECK_STR(w->bastion, "lab");
		CHECK_STR(w->server_user, "team");
		CHECK_STR(w->ssh_user, "root");
		CHECK_STR(w->ssh_key, "~/id");
		CHECK(w->ssh_port == 2222);
	}
	w = people_worker(&p, "a.b");
	CHECK(w && w->ssh_port == 0);
	CHECK(!people_worker(&p, "gpu-2"));
	t = people_tunnel(&p, "dev");
	if (CHECK(t)) {
		CHECK_STR(t->to, "gpu-1");
		CHECK(t->local.n == 2 && t->dynamic.n == 1);
		CHECK_STR(t->local.v[1], "9000:db:5432");
		CHECK_STR(t->remote.v[0], "6000:localhost:22");
		CHECK(t->auto_port && !t->ssh);
	}
	t = people_tunnel(&p, "old");
	CHECK(t && !t->to && !strcmp(t->key, "k") && !strcmp(t->jump, "j"));
	CHECK(!people_tunnel(&p, "x"));
	people_release(&p);
}

TEST(people_without_settings_have_none)
{
	struct people p;

	CHECK(reads(&p, "") && !p.secrets && !people_bastion(&p, NULL));
	people_release(&p);
	CHECK(reads(&p, "[workers]\n[tunnels]\n") && p.nworkers == 0);
	people_release(&p);
	CHECK(reads(&p, "[bastion]\nserver=\"h\"\n") && !p.secrets);
	people_release(&p);
	CHECK(reads(&p, "[bastion]\nserver=\"h\"\nproxyURL=\"http://u:p@h\"") &&
	    p.secrets);
	people_release(&p);
}

TEST(people_are_told_what_is_wrong_and_where)
{
	fails("x", "f:1:2: '=' is missing here");
	fails("x = 1\n", "f:1: unknown key 'x'; there are bastion, bastions, "
	    "workers and tunnels");
	fails("[bastion]\n", "f:1: [bastion]: 'server' is missing");
	fails("bastion = 1\n", "f:1: [bastion] is a table");
	fails("workers = 1\n", "f:1: 'workers' holds tables, as in "
	    "[workers.NAME]");
	fails("[workers.a]\nsecrt = \"x\"\n", "f:2: unknown key 'secrt' in "
	    "[workers.a]; there are secret, secretFile, bastion, serverUser, "
	    "sshUser, sshPort, sshKey");
	fails("[workers.a]\nsecret = 1\nsshPort = 0\nsshUser = \"\"\n",
	    "f:2: 'secret' in [workers.a] is a text in quotes\n"
	    "f:3: 'sshPort' in [workers.a] is a port from 1 to 65535\n"
	    "f:4: 'sshUser' in [workers.a] is empty");
	fails("[workers.a]\nsecret = \"x\\u0000\"\n", "f:2: 'secret' in "
	    "[workers.a] has a control character in it");
	fails("[workers.a]\nsshUser = \"x\\ny\"\n", "f:2: 'sshUser' in "
	    "[workers.a] has a control character in it");
	fails("[workers.\"a b\"]\n", "f:1: [workers.a b]: a name has up to 100 "
	    "letters, digits, '.', '_' and '-'");
	fails("[workers.\"\\u001b\"]\n", "f:1: [workers.\\x1b]: a name has up to "
	    "100 letters, digits, '.', '_' and '-'");
	fails("[workers.a]\nsecret = \"x\"\nsecretFile = \"x\"\n",
	    "f:1: [workers.a]: either 'secret' or 'secretFile'");
	fails("[workers.a]\nbastion = \"x\"\n", "f: [workers.a]: there is no "
	    "[bastions.x]");
	fails("[bastion]\nserver=\"h\"\ntoken=\"x\"\ntokenFile=\"x\"\n",
	    "f:1: [bastion]: either 'token' or 'tokenFile'");
	fails("[bastion]\nserver=\"h\"\nprotocol=\"quic\"\n",
	    "f:1: [bastion]: 'protocol' is tcp, websocket or wss");
	fails("[bastion]\nserver='h'\npin=[]\n",
	    "f:3: 'pin' in [bastion]: the list is empty");
	fails("[bastion]\nserver='h'\npin=[1]\n",
	    "f:3: 'pin' in [bastion]: it is a text in quotes, or a list of "
	    "them");
	fails("[bastion]\nserver='h'\npin=['" PIN "," PIN "']\n",
	    "f:3: 'pin' in [bastion]: a pin of a list has a comma in it, or a "
	    "NUL");
	fails("[bastion]\nserver='h'\npin='sha256:00'\n",
	    "f:3: 'pin' in [bastion]: pin must be \"sha256:\" and 64 hex "
	    "digits, several with commas between");
	fails("[bastion]\nserver=\"h\"\ntls=false\npin='" PIN "'\n",
	    "f:1: [bastion]: 'pin' and 'trustedCaFile' need 'tls'");
	fails("[bastion]\nserver=\"h\"\ntls=1\n",
	    "f:3: 'tls' in [bastion] is true or false");
	fails("[tunnels.a]\nlocal=[\"1\"]\n",
	    "f:1: [tunnels.a]: either 'to', a worker, or 'ssh', a host");
	fails("[tunnels.a]\nto=\"x\"\nssh=\"x\"\nlocal=[\"1\"]\n",
	    "f:1: [tunnels.a]: either 'to', a worker, or 'ssh', a host");
	fails("[tunnels.a]\nto=\"x\"\nkey=\"x\"\nlocal=[\"1\"]\n",
	    "f:1: [tunnels.a]: 'key' and 'jump' go with 'ssh'");
	fails("[tunnels.a]\nto=\"x\"\nlocal=[]\n", "f:1: [tunnels.a]: 'local',"
	    " 'dynamic' or 'remote' is missing");
	fails("[tunnels.a]\nto=\"x\"\nlocal=\"1\"\n", "f:3: 'local' in "
	    "[tunnels.a] is a list of texts, as in [\"8000\"]");
	fails("[tunnels.a]\nto=\"x\"\nlocal=[\"1\", 2]\n", "f:3: 'local' in "
	    "[tunnels.a] is a text in quotes");
}

TEST(people_reasons_end_somewhere)
{
	struct buf text = { 0 }, why = { 0 };
	struct people p;
	size_t lines = 1;
	char *c;
	int i;

	for (i = 0; i < 1000; i++)
		buf_printf(&text, "k%d = 1\n", i);
	CHECK(people_read(&p, buf_text(&text), buf_len(&text), "f", &why) < 0);
	for (c = buf_text(&why); *c; c++)
		lines += *c == '\n';
	CHECK(lines == 20);
	buf_free(&text);
	buf_free(&why);
}

TEST(people_fail_or_read_at_every_end)
{
	struct buf why = { 0 };
	struct people p;
	size_t n;

	for (n = 0; n < sizeof(whole); n++) {
		if (people_read(&p, whole, n, "f", &why) == 0)
			people_release(&p);
		else
			CHECK(buf_len(&why) && !p.workers);
		buf_free(&why);
	}
}

static char *one[] = { "8000" };
static const struct people_tunnel dev = { .name = "dev", .to = "gpu-1",
	.local = { one, 1 }, .auto_port = true };
#define DEV "[tunnels.dev]\nto = \"gpu-1\"\nlocal = [\"8000\"]\n" \
	    "autoPort = true\n"

static void
saves(const char *text, const char *want)
{
	struct buf to = { 0 };

	CHECK(people_save_tunnel(&to, text, strlen(text), &dev) == 0);
	CHECK_STR(buf_text(&to), want);
	buf_free(&to);
}

TEST(people_tunnel_is_added_at_the_end)
{
	saves("", DEV);
	saves("# mine", "# mine\n\n" DEV);
	saves("[bastion]\r\nserver = \"h\" # x\r\n", "[bastion]\r\n"
	    "server = \"h\" # x\r\n\n" DEV);
	saves("[tunnels.dev2]\nto=\"x\"\ndynamic=[\"1\"]\n",
	    "[tunnels.dev2]\nto=\"x\"\ndynamic=[\"1\"]\n\n" DEV);
}

TEST(people_tunnel_is_replaced_and_the_rest_stays)
{
#define FRONT "# a\n\n[bastion]\nserver='h' # [tunnels.dev]\n" \
	      "user = \"\"\"\\\n[tunnels.dev]\\\n\\\"\"\"\"\n\n"
#define BACK "\n# about b\n[workers.b]\nsecret = '''\n[tunnels.dev]'''\n"
	saves(FRONT "[tunnels.dev]\nto='x'\nlocal=[ # ]\n \"1\",\n]\n" BACK,
	    FRONT DEV BACK);
	saves(FRONT "  [ tunnels . \"dev\" ] # y\nssh='x'\nlocal=['1']\n" BACK,
	    FRONT DEV BACK);
	saves("[tunnels.dev]\nssh='x'\nlocal=['1']", DEV);
	saves(DEV, DEV);
}

TEST(people_tunnel_in_another_form_is_left_alone)
{
	static const char *const texts[] = {
		"tunnels.dev.to = 'x'\ntunnels.dev.local = ['1']\n",
		"tunnels = { dev = { to = 'x', local = ['1'] } }\n",
		"[tunnels]\ndev = { to = 'x', local = ['1'] }\n",
		"[tunnels]\ndev.to = 'x'\ndev.local = ['1']\n",
		"not toml", "unknown = 1\n", "a = \"",
	};
	struct buf to = { 0 };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		CHECK(people_save_tunnel(&to, texts[i], strlen(texts[i]),
		    &dev) < 0 && buf_len(&to) == 0);
}

TEST(people_tunnel_comes_back_as_it_was_saved)
{
	static char *odd[] = { "a\"b\\c #", "\xc3\xa4" };
	const struct people_tunnel t = { .name = "a.b", .ssh = odd[0],
		.key = odd[1], .jump = "j", .dynamic = { odd, 2 },
		.remote = { odd, 1 } };
	const struct people_tunnel *back;
	struct people p = { 0 };
	struct buf to = { 0 };

	static char *bad[] = { "a\nb" };
	const struct people_tunnel wrong = { .name = "a", .to = "x",
		.local = { bad, 1 } };

	CHECK(people_save_tunnel(&to, "", 0, &wrong) < 0 && !buf_len(&to));
	CHECK(people_save_tunnel(&to, "", 0, &t) == 0);
	CHECK(reads(&p, buf_text(&to)));
	back = people_tunnel(&p, "a.b");
	if (CHECK(back)) {
		CHECK_STR(back->ssh, odd[0]);
		CHECK_STR(back->key, odd[1]);
		CHECK(back->dynamic.n == 2 && back->remote.n == 1);
		CHECK_STR(back->dynamic.v[0], odd[0]);
		CHECK(!back->auto_port && !back->to && back->local.n == 0);
	}
	people_release(&p);
	buf_free(&to);
}
