/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/seed.c src/source/seed_join.c src/source/seed_pending.c src/source/sockdiag.c src/source/procnet.c src/source/socks.c
 * src/source/netlink.c src/source/procfd.c src/source/procs.c src/base/clock.c src/base/sysroot.c src/base/buf.c src/base/log.c src/base/patient.c -lmnl */
/* Whose are the sockets that are there already? A machine of files; the kernel's map, and what changes between the two
 * looks at the sockets, are played by this file. */
#include "source/seed.h"
#include "source/netns.h"
#include "claims.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <linux/bpf.h>
#include <unistd.h>

#define SINCE 1234
#define ANY "00000000"
#define LO "0100007F"
#define MAX 32
#define FORBIDDEN_NS 5

/* --- the machine --- */

static struct sysroot root;
static char first_look[2048], second_look[2048]; /* /proc/net/tcp */
static unsigned int looks;

/* "LOCAL:PORT REMOTE:PORT STATE INODE", hexadecimal but for the inode number. */
static void add_tcp(char *table, const char *ends, const char *state, unsigned int ino)
{
	sprintf(table + strlen(table), "   0: %s %s 0:0 00:0 0     0        0 %u 1\n", ends, state, ino);
}

static void add_both(const char *ends, const char *state, unsigned int ino)
{
	add_tcp(first_look, ends, state, ino);
	add_tcp(second_look, ends, state, ino);
}

int netns_in(int ns_fd, int (*fn)(void *ctx), void *ctx)
{
	const char *text = looks++ ? second_look : first_look;

	if (ns_fd == FORBIDDEN_NS)
		return -EPERM;
	tmpdir_write("proc/net/tcp", text, strlen(text));
	return fn(ctx);
}

static void add_process(unsigned int pid, const char *comm, unsigned int start)
{
	static const char status[] = "Name:\tx\nUid:\t7\t7\t7\t7\n";
	char name[64], text[256];
	int len;

	snprintf(name, sizeof(name), "proc/%u/stat", pid);
	len = snprintf(text, sizeof(text), "%u (%s) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %u 0 0", pid, comm, start);
	tmpdir_write(name, text, (size_t)len);
	snprintf(name, sizeof(name), "proc/%u/status", pid);
	tmpdir_write(name, status, sizeof(status) - 1);
}

static void add_fd(unsigned int pid, unsigned int fd, unsigned int ino)
{
	char name[64], path[PATH_MAX], target[64];

	snprintf(name, sizeof(name), "proc/%u/fd/none", pid);
	tmpdir_write(name, "", 0);
	snprintf(name, sizeof(name), "proc/%u/fd/%u", pid, fd);
	snprintf(target, sizeof(target), "socket:[%u]", ino);
	if (symlink(target, tmpdir_path(path, name)))
		tap_ok(false, "symlink %s", path);
}

/* --- the map --- */

static struct {
	struct ev_key key;
	struct ev_owner_val value;
} map[MAX];
static size_t map_cnt, map_max;

static size_t map_find(const void *key)
{
	size_t i = 0;

	while (i < map_cnt && memcmp(&map[i].key, key, sizeof(map[i].key)))
		i++;
	return i;
}

int bpf_update_elem(int fd, void *key, void *value, unsigned long long flags);
int bpf_update_elem(int fd, void *key, void *value, unsigned long long flags)
{
	(void)fd;
	if (flags != BPF_NOEXIST || map_find(key) < map_cnt || map_cnt == map_max)
		return -1;
	memcpy(&map[map_cnt].key, key, sizeof(map->key));
	memcpy(&map[map_cnt++].value, value, sizeof(map->value));
	return 0;
}

int bpf_lookup_elem(int fd, void *key, void *value);
int bpf_lookup_elem(int fd, void *key, void *value)
{
	size_t i = map_find(key);

	(void)fd;
	if (i == map_cnt)
		return -1;
	memcpy(value, &map[i].value, sizeof(map->value));
	return 0;
}

int bpf_delete_elem(int fd, void *key);
int bpf_delete_elem(int fd, void *key)
{
	size_t i = map_find(key);

	(void)fd;
	if (i == map_cnt)
		return -1;
	map[i] = map[--map_cnt];
	return 0;
}

/* Who is noted for it; 0: nobody. */
static uint32_t mapped(const struct ev_key *key)
{
	size_t i = map_find(key);

	return i < map_cnt ? map[i].value.pid : 0;
}

/* --- what is told --- */

static struct ev_owner told[MAX];
static size_t told_cnt;
static struct seed_counts counts;

static void tell(void *ctx, const struct ev_owner *ev)
{
	(void)ctx;
	if (told_cnt < MAX)
		told[told_cnt++] = *ev;
}

static int run_in(const struct seed_netns *ns, size_t room)
{
	const struct seed_opts opts = {.root = &root, .map_room = room, .since_ns = SINCE, .tell = tell};

	looks = told_cnt = 0;
	return seed_run(&opts, ns, 1, &counts);
}

static int run(int fd, size_t room)
{
	return run_in(&(struct seed_netns){NETNS, fd, true}, room);
}

static const struct ev_owner *told_of(const struct ev_key *key, uint8_t kind, size_t nth)
{
	for (size_t i = 0; i < told_cnt; i++)
		if (told[i].kind == kind && !memcmp(&told[i].key, key, sizeof(*key)) && !nth--)
			return &told[i];
	return NULL;
}

/* Its claimant's pid; -1: nothing was told. */
static int claimed(const struct ev_key *key, uint8_t kind)
{
	const struct ev_owner *ev = told_of(key, kind, 0);

	return ev ? (int)ev->owner.pid : -1;
}

/* An empty machine, but for what a test gives it. */
static void begin(void)
{
	first_look[0] = second_look[0] = 0;
	map_cnt = 0;
	map_max = MAX;
}

static void make_processes(void)
{
	add_process(1, "init", 1);
	add_process(10, "server", 100);
	add_process(11, "server", 200);
	add_process(12, "server", 300);
	add_process(13, "helper", 400);
	add_process(20, "client", 500);
	add_fd(20, 3, 201);
	add_fd(20, 4, 201); /* dup */
	add_fd(20, 5, 202);
	add_fd(20, 6, 203);
	add_fd(10, 3, 100);
	add_fd(11, 3, 100);
	add_fd(12, 3, 100);
	add_fd(13, 3, 100);
	add_fd(1, 3, 100);
	add_fd(1, 4, 101);
	add_fd(1, 5, 102);
	add_fd(13, 4, 102);
	add_fd(30, 3, 300); /* a process that is gone when it is asked who it is */
}

static void test_connection(void)
{
	struct ev_key key = claims_tcp("127.0.0.1", 16, "127.0.0.1", 80);
	const struct ev_owner *ev;

	begin();
	add_both(LO ":0010 " LO ":0050", "01", 201);
	tap_is_int(run(-1, MAX), 0, "a connection");
	tap_ok(counts.sockets == 1 && counts.processes == 1 && !counts.nobodys && !counts.gone, "one, of one process");
	tap_ok(told_cnt == 1 && claimed(&key, EV_OWN_FLOW) == 20, "its owner is told, and no other holder for a dup");
	ev = &told[0];
	tap_ok(ev->hdr.ts_ns == SINCE && ev->hdr.type == EV_OWNER && ev->hdr.size == sizeof(*ev), "as of before the hooks");
	tap_ok(ev->owner.attr == EV_ATTR_SEED && !ev->owner.sk && !ev->owner.sock_id && ev->ino == 201, "as a seed");
	tap_ok(ev->owner.uid == 7 && ev->owner.start_ns == 5000000000ULL && !strcmp(ev->owner.comm, "client"), "who it is");
	tap_is_int(ev->flags, EV_OWN_REUSE, "it ends nobody's claim");
	tap_ok(ev->fd == 3 || ev->fd == 4, "by which descriptor it has it");
	tap_ok(mapped(&key) == 20 && map[0].value.attr == EV_ATTR_SEED && counts.mapped == 1, "the kernel side knows it");
}

static void test_not_captured(void)
{
	struct ev_key key = claims_tcp("127.0.0.1", 16, "127.0.0.1", 80);

	begin();
	add_both(LO ":0010 " LO ":0050", "01", 201);
	run_in(&(struct seed_netns){NETNS, -1, false}, MAX);
	tap_is_int(claimed(&key, EV_OWN_FLOW), 20, "in a namespace that is not captured: its owner is told");
	tap_ok(!map_cnt && !counts.mapped, "the kernel side need not know it");
}

static void test_two_tuples(void)
{
	struct ev_key a = claims_tcp("127.0.0.1", 16, "127.0.0.1", 80), b = claims_tcp("127.0.0.1", 17, "127.0.0.1", 80);

	begin();
	add_both(LO ":0010 " LO ":0050", "01", 201);
	add_both(LO ":0011 " LO ":0050", "01", 201);
	run(-1, MAX);
	tap_ok(claimed(&a, EV_OWN_FLOW) == 20 && claimed(&b, EV_OWN_FLOW) == 20, "two tuples of one file are its owner's");
}

static void test_holders(void)
{
	struct ev_key http = claims_tcp(NULL, 80, NULL, 0), socket_unit = claims_tcp(NULL, 81, NULL, 0);
	struct ev_key shared = claims_tcp(NULL, 82, NULL, 0);
	unsigned int others = 0;

	begin();
	add_both(ANY ":0050 " ANY ":0000", "0A", 100);
	add_both(ANY ":0051 " ANY ":0000", "0A", 101);
	add_both(ANY ":0052 " ANY ":0000", "0A", 102);
	run(-1, MAX);
	tap_is_int(claimed(&http, EV_OWN_LISTEN), 12, "of the program that holds it longest the youngest process");
	for (size_t i = 0; told_of(&http, EV_OWN_HOLD, i); i++)
		others |= 1U << told_of(&http, EV_OWN_HOLD, i)->owner.pid;
	tap_is_int(others, 1U << 1 | 1U << 10 | 1U << 11 | 1U << 13, "the others are told as holders");
	tap_is_int(told_of(&http, EV_OWN_HOLD, 0)->ino, 100, "of that socket");
	tap_ok(told_of(&shared, EV_OWN_LISTEN, 0)->fd == 4 && told_of(&shared, EV_OWN_HOLD, 0)->fd == 5, "each by its own descriptor");
	tap_is_int(claimed(&socket_unit, EV_OWN_LISTEN), 1, "init, where nobody else has it");
	tap_is_int(claimed(&shared, EV_OWN_LISTEN), 13, "and not where somebody has");
	tap_is_int(map_cnt, 0, "listeners are for user space");
}

static void test_pending(void)
{
	struct ev_key waits = claims_tcp("127.0.0.1", 80, "127.0.0.1", 16), closed = claims_tcp("127.0.0.1", 80, "127.0.0.1", 17);
	struct ev_key time_wait = claims_tcp("127.0.0.1", 80, "127.0.0.1", 18), client = claims_tcp("127.0.0.1", 19, "127.0.0.1", 9);
	struct ev_key shakes = claims_tcp("127.0.0.1", 80, "127.0.0.1", 20);

	begin();
	add_both(ANY ":0050 " ANY ":0000", "0A", 101);
	add_both(LO ":0050 " LO ":0010", "08", 0);
	add_both(LO ":0050 " LO ":0011", "05", 0);
	add_both(LO ":0050 " LO ":0012", "06", 0);
	add_both(LO ":0013 " LO ":0009", "06", 0);
	add_both(LO ":0050 " LO ":0014", "03", 0);
	run(-1, MAX);
	tap_is_int(claimed(&waits, EV_OWN_FLOW), 1, "a connection that nobody accepted yet is the listener's");
	tap_is_int(told_of(&waits, EV_OWN_FLOW, 0)->fd, -1, "who has no descriptor of it");
	tap_is_int(claimed(&shakes, EV_OWN_FLOW), 1, "a handshake, too");
	tap_is_int(claimed(&closed, EV_OWN_FLOW), 0, "one that was closed is nobody's");
	tap_is_int(claimed(&time_wait, EV_OWN_FLOW), 0, "likewise in TIME_WAIT");
	tap_is_int(claimed(&client, EV_OWN_FLOW), -1, "where nobody listens nothing needs to be told");
	tap_is_int(map_cnt, 0, "the kernel side need not know");
	tap_ok(counts.sockets == 3 && counts.nobodys == 2, "counted");
	tap_ok(!told[0].owner.pid && !told[1].owner.pid, "nobody's come first");
}

static void test_pending_of_several(void)
{
	struct ev_key v4 = claims_tcp("127.0.0.1", 80, "127.0.0.1", 16);

	begin();
	add_both(ANY ":0050 " ANY ":0000", "0A", 101);
	add_both(ANY ":0050 " ANY ":0000", "0A", 102);
	add_both(LO ":0050 " LO ":0010", "01", 0);
	run(-1, MAX);
	tap_is_int(claimed(&v4, EV_OWN_FLOW), 0, "two processes listen: nobody's");
	add_both(LO ":0050 " ANY ":0000", "0A", 100);
	run(-1, MAX);
	tap_is_int(claimed(&v4, EV_OWN_FLOW), 12, "who listens on its very address gets it");
	begin();
	add_both(ANY ":0050 " ANY ":0000", "0A", 101);
	add_both(LO ":0050 " ANY ":0000", "0A", 999);
	add_both(LO ":0050 " LO ":0010", "01", 0);
	run(-1, MAX);
	tap_is_int(claimed(&v4, EV_OWN_FLOW), 0, "nobody is known who listens there: nobody's");
}

static void test_second_look(void)
{
	struct ev_key stays = claims_tcp("127.0.0.1", 16, "127.0.0.1", 80), gone = claims_tcp("127.0.0.1", 17, "127.0.0.1", 80);
	struct ev_key reused = claims_tcp("127.0.0.1", 18, "127.0.0.1", 80), accepted = claims_tcp("127.0.0.1", 82, "127.0.0.1", 9);

	begin();
	add_both(LO ":0010 " LO ":0050", "01", 201);
	add_tcp(first_look, LO ":0011 " LO ":0050", "01", 202);
	add_tcp(first_look, LO ":0012 " LO ":0050", "01", 203);
	add_tcp(second_look, LO ":0012 " LO ":0050", "01", 205);
	add_both(ANY ":0052 " ANY ":0000", "0A", 102);
	add_tcp(first_look, LO ":0052 " LO ":0009", "01", 0);
	add_tcp(second_look, LO ":0052 " LO ":0009", "01", 204);
	run(-1, MAX);
	tap_ok(mapped(&stays) == 20 && claimed(&stays, EV_OWN_FLOW) == 20, "one that is still there stays");
	tap_ok(!mapped(&gone) && claimed(&gone, EV_OWN_FLOW) < 0, "one that is gone goes");
	tap_ok(!mapped(&reused) && claimed(&reused, EV_OWN_FLOW) < 0, "so does one whose tuple is another socket's now");
	tap_is_int(claimed(&accepted, EV_OWN_FLOW), -1, "one that was accepted since, the hooks know");
	tap_ok(counts.mapped == 3 && counts.unmapped == 2 && counts.gone == 3 && map_cnt == 1, "made, less removed, is there");
}

static void test_hooks_first(void)
{
	struct ev_key known = claims_tcp("127.0.0.1", 16, "127.0.0.1", 80), gone = claims_tcp("127.0.0.1", 17, "127.0.0.1", 80);

	begin();
	map[0].key = known;
	map[1].key = gone;
	map[0].value = map[1].value = (struct ev_owner_val){.pid = 99, .sk = 1, .attr = EV_ATTR_EXACT};
	map_cnt = 2;
	add_both(LO ":0010 " LO ":0050", "01", 201);
	add_tcp(first_look, LO ":0011 " LO ":0050", "01", 202);
	run(-1, MAX);
	tap_ok(mapped(&known) == 99 && !counts.mapped, "what a hook wrote stays");
	tap_ok(mapped(&gone) == 99 && !counts.unmapped, "also where the socket seen at first is gone");
	tap_is_int(claimed(&known, EV_OWN_FLOW), 20, "user space is told: it knows which is newer");
}

static void test_limits(void)
{
	begin();
	add_both(LO ":0010 " LO ":0050", "01", 201);
	add_both(LO ":0011 " LO ":0050", "01", 202);
	run(-1, 1);
	tap_ok(map_cnt == 1 && counts.mapped == 1 && counts.sockets == 2, "no more entries than there is room for; all are told");
	begin();
	map_max = 0;
	add_both(LO ":0010 " LO ":0050", "01", 201);
	run(-1, 1);
	tap_ok(!counts.mapped && counts.sockets == 1, "a full map");
	begin();
	add_both(LO ":0010 " LO ":0050", "01", 300);
	tap_is_int(run(-1, MAX), 0, "a process that goes meanwhile");
	tap_ok(!counts.sockets && !map_cnt, "is nobody");
	tap_is_int(run(FORBIDDEN_NS, MAX), -EPERM, "a namespace that cannot be entered");
	tap_is_int(told_cnt, 0, "nothing is told");
}

int main(void)
{
	root.prefix = tmpdir_prefix();
	make_processes();
	test_connection();
	test_not_captured();
	test_two_tuples();
	test_holders();
	test_pending();
	test_pending_of_several();
	test_second_look();
	test_hooks_first();
	test_limits();
	return tap_done();
}
