/* SPDX-License-Identifier: BSD-2-Clause */
/* links: tests/live/strict_subject.c tests/live/strict_traffic.c tests/live/strict_burners.c tests/live/strict_tcp.c
 * tests/live/strict_datagram.c
 * src/source/hooks.c src/source/perf_attach.c src/source/tracefs.c src/source/load.c src/source/ring.c
 * src/source/bundle.c src/source/bundle_file.c compat/feature.c compat/probe.c compat/probe_sys.c compat/kver.c
 * compat/cpus.c src/base/buf.c src/base/clock.c src/base/log.c src/base/patient.c src/base/sysroot.c -lbcc_bpf -lmnl -lmd -lz */
/* Does each hook name only processes that act themselves? Every row of a back-end's table is attached with maps of its own,
 * so that what is found there is its work alone. Then known processes talk, over links on which packets wait for timers and are
 * received on other CPUs, while others that own no socket burn CPU: whoever trusts `current` where softirq work comes by names
 * those. That this happens, and is seen, is shown by a program attached where it must not be.
 *
 *   strict NETNS-A NETNS-B BUNDLE
 */
#include "tests/live/strict_subject.h"
#include "tests/live/strict.h"
#include "tests/unit/tap.h"

#include "base/clock.h"
#include "base/log.h"
#include "compat/kver.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

/* So often the wrong hook has to name a burner: then softirqs have come upon them often enough for the right ones, too. */
#define CAUGHT_MIN 1000
#define CAUGHT_MIN_VM 50 /* an emulated machine has little time for burning */

#define PATIENCE_S 25
#define POLL_MS 50
#define SUBJECTS_MAX 128
#define SHOWN_MAX 5

/* What a hook is for, where that is not to name who acts. By program. */
static const struct duty {
	const char *prog;
	enum { NAMES, NOTES, TELLS, KEEPS } what;
	const char *why;
} duties[] = {
	{"kp_raw_sendmsg", NOTES, "the way out finds its owner by the packet's socket"},
	{"kp_packet_sendmsg", NOTES, "the way out finds its owner by the packet's socket"},
	{"kp_udp_disconnect", KEEPS, "it ends what others told of, and takes no name"},
	{"kp_tcp_set_state", TELLS, "it runs in softirq, too"},
	{"kp_reqsk_add", TELLS, "it runs in softirq, and tells which socket"},
	{"kp_udp_enqueue", TELLS, "it runs in softirq, and tells which socket"},
	{"kp_inet_release", TELLS, "the process that ends a socket need not be its owner"},
	{"kp_udp_get_port", KEEPS, "its arguments are kept for the return, with which it is judged"},
	{"tp_enter_fd", KEEPS, "its arguments are kept for the end of the call, with which it is judged"},
};

/* Programs put where softirq work is done for others: both take the socket they get for that of the current process. */
static const struct hook wrong_hooks[] = {
	{"kp_claim", NULL, "tcp_rcv_established", NULL},
	{"rt_claim", NULL, "tcp_probe", NULL},
};

static struct subject *subjects[SUBJECTS_MAX], *wrong;
static size_t subject_cnt, caught_min = CAUGHT_MIN;

static const struct duty *duty_of(const struct subject *s)
{
	static const struct duty names = {NULL, NAMES, NULL};

	for (size_t i = 0; i < sizeof(duties) / sizeof(*duties); i++)
		if (!strcmp(duties[i].prog, s->hook->prog))
			return &duties[i];
	return &names;
}

/* The row whose work the other one ends: the entry of a call or function, the sends of a socket whose end has nothing else to
 * tell. NULL: it stands by itself. */
static const struct hook *first_half(const struct hook *rows, size_t cnt, const struct hook *of)
{
	static const char exit_of[] = "sys_exit_", enter[] = "sys_enter_";

	for (size_t i = 0; i < cnt; i++) {
		if (!strncmp(of->prog, "kr_", 3) && !strncmp(rows[i].prog, "kp_", 3) &&
			!strcmp(rows[i].target, of->target))
			return &rows[i];
		if (!strcmp(of->target, "packet_release") && !strcmp(rows[i].target, "packet_sendmsg"))
			return &rows[i];
		if (!strncmp(of->target, exit_of, strlen(exit_of)) && !strncmp(rows[i].target, enter, strlen(enter)) &&
			!strcmp(rows[i].target + strlen(enter), of->target + strlen(exit_of)))
			return &rows[i];
	}
	return NULL;
}

static struct subject *subject_of(const struct hook *row)
{
	for (size_t i = 0; row && i < subject_cnt; i++)
		if (subjects[i]->hook == row)
			return subjects[i];
	return NULL;
}

static void open_all(struct subject_env *env, const struct backend *backend, bool kprobe)
{
	size_t cnt;
	const struct hook *rows = backend_hooks(backend, &cnt);

	for (size_t i = 0; i < cnt && subject_cnt < SUBJECTS_MAX; i++)
		subjects[subject_cnt++] = subject_open(env, &rows[i], first_half(rows, cnt, &rows[i]));
	wrong = subject_open(env, &wrong_hooks[kprobe ? 0 : 1], NULL);
}

/* Did it do what it is for? Of two halves, the second is seen by what the first one alone does not tell. */
static bool has_worked(const struct subject *s)
{
	const struct subject *first = subject_of(s->first);
	struct subject_seen seen, before = {0};

	subject_judge(s, &seen);
	if (first)
		subject_judge(first, &before);
	switch (duty_of(s)->what) {
	case NAMES:
		return seen.kinds & ~before.kinds;
	case TELLS:
		return seen.nameless;
	case NOTES: /* not seen before the end */
	case KEEPS:
		break;
	}
	return true;
}

/* The kernel may have its target and use another one's. */
static bool is_spare(const struct subject *s)
{
	return s->hook->without && !strncmp(s->hook->without, "nothing where", 13);
}

static bool all_have_worked(void)
{
	struct subject_seen seen;

	subject_judge(wrong, &seen);
	if (seen.burners < caught_min)
		return false;
	for (size_t i = 0; i < subject_cnt; i++) {
		struct subject *s = subjects[i];

		s->worked = s->worked || !s->attached || is_spare(s) || has_worked(s);
		if (!s->worked)
			return false;
	}
	return true;
}

static void read_all(void)
{
	for (size_t i = 0; i < subject_cnt; i++)
		subject_read(subjects[i]);
	subject_read(wrong);
}

static void watch(unsigned int patience_s)
{
	uint64_t end_ns = clock_mono_ns() + patience_s * NSEC_PER_SEC;

	do {
		poll(NULL, 0, POLL_MS);
		read_all();
	} while (!all_have_worked() && clock_mono_ns() < end_ns);
}

static void close_all(void (*how)(struct subject *s))
{
	for (size_t i = 0; i < subject_cnt; i++)
		how(subjects[i]);
	how(wrong);
}

static void report(const struct subject *s)
{
	const struct duty *duty = duty_of(s);
	struct subject_seen seen;

	subject_judge(s, &seen);
	if (!s->attached || (is_spare(s) && !seen.named && !seen.foreign)) {
		printf("ok %d - %s at %s # SKIP kernel lacks %s; without it is lost: %s\n", ++tap_ran, s->hook->prog,
			s->hook->target, s->attached ? "a use for it" : "it", s->hook->without);
		return;
	}
	if (duty->what == KEEPS)
		tap_ok(!seen.named && !seen.foreign, "%s at %s names nobody: %s", s->hook->prog, s->hook->target, duty->why);
	else if (duty->what == TELLS)
		tap_ok(seen.nameless && !seen.named && !seen.foreign, "%s at %s tells or stamps and names nobody (%zu times): %s",
			s->hook->prog, s->hook->target, seen.nameless, duty->why);
	else if (duty->what == NOTES)
		tap_ok(seen.noted && !seen.foreign, "%s at %s notes only who acts (%zu sockets): %s", s->hook->prog,
			s->hook->target, seen.noted, duty->why);
	else
		tap_ok(has_worked(s) && !seen.foreign, "%s at %s names only who acts (%zu times)", s->hook->prog,
			s->hook->target, seen.named);
	subject_show_foreign(s, SHOWN_MAX);
}

static void report_all(int failed)
{
	struct subject_seen seen;

	tap_is_int(failed, 0, "all who talk came to their end");
	subject_judge(wrong, &seen);
	tap_ok(seen.burners >= caught_min, "%s at %s, where it must not be, is caught: it names a burner (%zu times)",
		wrong->hook->prog, wrong->hook->target, seen.burners);
	for (size_t i = 0; i < subject_cnt; i++)
		report(subjects[i]);
}

static unsigned int patience(void)
{
	const char *factor = getenv("PIDTAP_PATIENCE");

	return PATIENCE_S * (factor ? (unsigned int)atoi(factor) : getenv("PIDTAP_VM") ? 20 : 1);
}

int main(int argc, char **argv)
{
	const struct sysroot root = {""};
	struct bundle bundle = {0};
	struct subject_env env = {.bundle = &bundle};
	char why[256];
	bool kprobe;
	int failed;

	log_init("strict", LOG_INFO);
	if (argc != 4) {
		fprintf(stderr, "usage: strict NETNS-A NETNS-B BUNDLE\n");
		return 2;
	}
	if (getenv("PIDTAP_VM"))
		caught_min = CAUGHT_MIN_VM;
	features_init(&env.feat, &root, 0);
	if (kver_running(&env.kver) || bundle_read(argv[3], &bundle, why, sizeof(why)))
		die(argv[3]);
	kprobe = bundle_find_prog(&bundle, "kp_claim");
	burners_start();
	open_all(&env, backend_by_name(kprobe ? "kprobe" : "tracepoint"), kprobe);
	traffic_start((const char *const *)&argv[1]);
	watch(patience());
	failed = traffic_stop();
	close_all(subject_detach);
	read_all();
	burners_stop();
	report_all(failed);
	close_all(subject_free);
	bundle_free(&bundle);
	return tap_done();
}
