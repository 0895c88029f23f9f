/* SPDX-License-Identifier: BSD-2-Clause */
/* build/tests/scenario: the traffic of the attribution matrix, for tests/matrix/run.
 *
 *   scenario list
 *   scenario info NAME       about=, options=, at=, fresh=1, own=1 (has a setup), before=1 (likewise), lacks= (what the kernel lacks), through=, sees=..., says=
 *   scenario run NAME PREFIX TRUTH READY GO TIMEOUT
 *                            setup and before; makes file READY; waits for file GO; all passes; 0 if the traffic came out as
 *                            intended. Namespaces PREFIX-a and PREFIX-b are there; the log TRUTH is appended to.
 */
#include "tests/matrix/matrix.h"
#include "tests/matrix/matrix_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASS_MAX 9
#define FIRST_PORT 7000
#define PORTS_PER_PASS 10
#define POLL_MS 2
#define GATE_GO (GATE_CNT - 1) /* no scenario's */
#define SETTLE_MS 3000 /* what of connections has not ended by then is left alone */

static struct scenario *scenarios;

/* Kept sorted, whatever the order of linking. */
void scenario_register(struct scenario *sc)
{
	struct scenario **at = &scenarios;

	while (*at && strcmp((*at)->name, sc->name) < 0)
		at = &(*at)->next;
	sc->next = *at;
	*at = sc;
}

static struct scenario *find_scenario(const char *name)
{
	struct scenario *sc = scenarios;

	while (sc && strcmp(sc->name, name))
		sc = sc->next;
	errno = 0;
	if (!sc)
		fail("no scenario '%s' (scenario list)", name);
	return sc;
}

/* ---- passes ---- */

struct place {
	unsigned int at;
	const char *name, *client_ns, *server_ns;
	const char *addr[2][2]; /* [v6][server, client] */
};

static const struct place places[] = {
	{AT_LO, "lo", "a", "a", {{"127.0.0.1", "127.0.0.1"}, {"::1", "::1"}}},
	{AT_CLIENT, "client", "a", "b", {{"10.98.0.2", "10.98.0.1"}, {"fd98::2", "fd98::1"}}},
	{AT_SERVER, "server", "b", "a", {{"10.98.0.1", "10.98.0.2"}, {"fd98::1", "fd98::2"}}},
	{AT_ONCE, "once", "a", "b", {{"10.98.0.2", "10.98.0.1"}, {"fd98::2", "fd98::1"}}},
};

static const struct over {
	unsigned int over;
	const char *name;
	int family;
	bool v6, dual;
} overs[] = {
	{OVER_V4, "ip4", AF_INET, false, false},
	{OVER_V6, "ip6", AF_INET6, true, false},
	{OVER_DUAL, "dual", AF_INET6, false, true},
};

/* An IPv4 address in IPv6 form, for a dual-stack socket. */
static char *mapped(const char *addr)
{
	char *out;

	if (asprintf(&out, "::ffff:%s", addr) < 0)
		fail("out of memory");
	return out;
}

static void make_scene(struct scene *s, const struct place *p, const struct over *o, int number)
{
	memset(s, 0, sizeof(*s));
	if (asprintf((char **)&s->name, "%s/%s", p->name, o->name) < 0)
		fail("out of memory");
	s->family = o->family;
	s->dual = o->dual;
	s->client_ns = p->client_ns;
	s->server_ns = p->server_ns;
	s->server_addr = o->dual ? mapped(p->addr[0][0]) : p->addr[o->v6][0];
	s->client_addr = o->dual ? mapped(p->addr[0][1]) : p->addr[o->v6][1];
	s->bind_addr = o->dual ? "::" : s->server_addr;
	s->port = (uint16_t)(FIRST_PORT + number * PORTS_PER_PASS);
	gates_make(s);
}

static int make_scenes(const struct scenario *sc, struct scene *scenes)
{
	unsigned int at = sc->passes & (AT_ALL | AT_ONCE) ? sc->passes : AT_ALL;
	unsigned int over = sc->passes & OVER_ALL ? sc->passes : OVER_ALL;
	int n = 0;

	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		for (size_t o = 0; o < sizeof(overs) / sizeof(overs[0]); o++) {
			if (at & places[p].at && over & overs[o].over) {
				make_scene(&scenes[n], &places[p], &overs[o], n);
				n++;
			}
		}
	}
	return n;
}

/* ---- the end: what the kernel still does for sockets that nobody holds ---- */

/* TCP sockets of this namespace that are neither listening nor in TIME_WAIT. */
static int busy_sockets(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512];
	unsigned int state;
	int n = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %*d: %*s %*s %x", &state) == 1 && state != 6 && state != 10) /* include/net/tcp_states.h */
			n++;
	}
	fclose(f);
	return n;
}

static void settle(struct scene *s)
{
	(void)s;
	for (int ms = 0; ms < SETTLE_MS; ms += POLL_MS) {
		if (!busy_sockets("/proc/thread-self/net/tcp") && !busy_sockets("/proc/thread-self/net/tcp6"))
			return;
		pause_ms(POLL_MS);
	}
}

static void log_addrs(struct scene *s)
{
	(void)s;
	truth_addrs();
}

static void in_each_ns(void (*part)(struct scene *s))
{
	struct scene s = {.name = "look"};
	const char *ns;

	for (int i = 0; (ns = ns_at(i)); i++)
		spawn(&s, "look", ns, part);
	reap_all(&s);
}

/* ---- commands ---- */

static int list(void)
{
	for (const struct scenario *sc = scenarios; sc; sc = sc->next)
		printf("%s\n", sc->name);
	return 0;
}

static int info(const struct scenario *sc)
{
	const char *lacks = sc->lacks ? sc->lacks() : NULL;

	printf("about=%s\noptions=%s\nat=%s\nfresh=%d\nown=%d\nbefore=%d\nlacks=%s\nthrough=%s\nsays=%s\n", sc->about, sc->options ? sc->options : "",
	       sc->at ? sc->at : "a", sc->fresh, !!sc->setup, !!sc->before, lacks ? lacks : "", sc->through ? sc->through : "",
	       sc->says && !getenv("PIDTAP_VM") ? sc->says : "");
	for (int i = 0; i < SEES_MAX && sc->sees[i]; i++)
		printf("sees=%s\n", sc->sees[i]);
	return 0;
}

static void make_file(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f || fclose(f))
		fail("%s", path);
}

/* Passes know nothing of each other; each is a process with players of its own. */
static const struct scenario *playing;
static int is_ready[2];

static void pass(struct scene *s)
{
	if (playing->before)
		playing->before(s);
	if (write(is_ready[1], "r", 1) != 1)
		fail("pass");
	close(is_ready[1]);
	gate_wait(s, GATE_GO);
	playing->run(s);
	reap_all(s);
}

/* All are there, with the sockets that are older than the capture. Of one that failed, the runner hears by its end. */
static void start_passes(struct scene *scenes, int n)
{
	char byte;

	if (pipe2(is_ready, O_CLOEXEC))
		fail("pipe");
	for (int i = 0; i < n; i++)
		spawn(&scenes[i], "pass", NULL, pass);
	close(is_ready[1]);
	for (int i = 0; i < n; i++) {
		if (read(is_ready[0], &byte, 1) != 1)
			fail("a pass failed before the start");
	}
}

/* All at once, unless the scenario is such that one would be taken for another. */
static void play_passes(struct scene *scenes, int n)
{
	for (int i = 0; i < n; i++) {
		gate_open(&scenes[i], GATE_GO);
		if (playing->one_by_one)
			reap_all(&scenes[i]);
	}
	for (int i = 0; i < n; i++)
		reap_all(&scenes[i]);
}

static int run(const struct scenario *sc, const char *ready, const char *go)
{
	static struct scene scenes[PASS_MAX];
	int n = make_scenes(sc, scenes);

	playing = sc;
	if (sc->setup)
		sc->setup();
	for (int i = 0; ns_at(i); i++)
		truth_netns(ns_at(i));
	in_each_ns(log_addrs);
	start_passes(scenes, n);
	make_file(ready);
	while (access(go, F_OK))
		pause_ms(POLL_MS);
	play_passes(scenes, n);
	in_each_ns(settle);
	return 0;
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (!strcmp(command, "list") && argc == 2)
		return list();
	if (!strcmp(command, "info") && argc == 3)
		return info(find_scenario(argv[2]));
	if (!strcmp(command, "run") && argc == 8) {
		players_begin(argv[3], argv[4], (unsigned int)atoi(argv[7]));
		return run(find_scenario(argv[2]), argv[5], argv[6]);
	}
	/* play_again() */
	if (!strcmp(command, "again") && argc == 9) {
		players_begin(argv[4], argv[3], (unsigned int)atoi(argv[5]));
		truth_self();
		find_scenario(argv[2])->again(again_begin(argv + 6));
		return 0;
	}
	fprintf(stderr, "usage: scenario list | info NAME | run NAME PREFIX TRUTH READY GO TIMEOUT\n");
	return 2;
}
