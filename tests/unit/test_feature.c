/* SPDX-License-Identifier: BSD-2-Clause */
/* links: compat/feature.c compat/probe.c compat/probe_sys.c compat/kver.c src/base/sysroot.c
 * src/base/buf.c -lz */
#include "tap.h"
#include "compat/feature.h"
#include "compat/kver.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct sysroot here = {""};

/* All toggles of an assumed kernel as one text: "LRU_HASH=0 SKB_SK=0 ..." */
static void toggles_are(const char *version, const char *want)
{
	char defines[FEAT_CNT][40], got[FEAT_CNT * 40] = "";
	struct features f;
	uint32_t kver = 0;
	size_t cnt;

	tap_is_int(kver_parse(version, &kver), 0, "%s is a version", version);
	features_init(&f, &here, kver);
	cnt = feature_defines(&f, defines);
	for (size_t i = 0; i < cnt; i++) {
		strcat(got, i ? " " : "");
		strcat(got, defines[i] + strlen("-DHAVE_"));
	}
	tap_is_str(got, want, "the toggles of %s", version);
}

static void test_toggles(void)
{
	toggles_are("4.9", "LRU_HASH=0 MEM_IN_MAP=0 SYSCALL_TP_BPF=0 SKB_SK=0 PROBE_READ_KERNEL=0");
	toggles_are("4.9.337", "LRU_HASH=0 MEM_IN_MAP=0 SYSCALL_TP_BPF=0 SKB_SK=0 PROBE_READ_KERNEL=0");
	toggles_are("4.14", "LRU_HASH=1 MEM_IN_MAP=1 SYSCALL_TP_BPF=1 SKB_SK=0 PROBE_READ_KERNEL=0");
	toggles_are("4.19", "LRU_HASH=1 MEM_IN_MAP=1 SYSCALL_TP_BPF=1 SKB_SK=0 PROBE_READ_KERNEL=0");
	toggles_are("5.1", "LRU_HASH=1 MEM_IN_MAP=1 SYSCALL_TP_BPF=1 SKB_SK=0 PROBE_READ_KERNEL=0");
	toggles_are("5.4", "LRU_HASH=1 MEM_IN_MAP=1 SYSCALL_TP_BPF=1 SKB_SK=0 PROBE_READ_KERNEL=0");
	toggles_are("5.10", "LRU_HASH=1 MEM_IN_MAP=1 SYSCALL_TP_BPF=1 SKB_SK=0 PROBE_READ_KERNEL=1");
	toggles_are("6.1", "LRU_HASH=1 MEM_IN_MAP=1 SYSCALL_TP_BPF=1 SKB_SK=1 PROBE_READ_KERNEL=1");
}

/* A feature is there from the very release it came with. */
static void test_since(void)
{
	for (enum feature id = 0; id < FEAT_CNT; id++) {
		const struct feature_info *info = feature_info(id);
		struct features before, at;

		tap_ok(*info->name && *info->what && *info->lost, "%s says what it is and what is lost",
			info->name);
		if (!info->since)
			continue;
		features_init(&before, &here, info->since - 1);
		features_init(&at, &here, info->since);
		tap_ok(!feature_has(&before, id), "%s is not there before its release", info->name);
		tap_ok(feature_has(&at, id), "%s is there from its release on", info->name);
	}
}

/* On the kernel we run on, trying and counting versions must agree: a trial that fails for a reason of its
 * own, or a wrong number in the table, shows here. Distributions backport, so a trial may find more than the
 * version promises. */
static void test_trials(void)
{
	struct features f, by_version;

	features_init(&f, &here, 0);
	features_init(&by_version, &here, f.kver);
	tap_ok(f.kver >= KVER(4, 9, 0), "the running kernel has a version");
	tap_ok(!f.assumed && by_version.assumed, "only one of them is assumed");
	for (enum feature id = 0; id < FEAT_CNT; id++) {
		const struct feature_info *info = feature_info(id);

		if (!info->since || id == FEAT_PERF_KPROBE || id == FEAT_SYSCALL_TP_BPF)
			printf("# %s is a matter of configuration here: %d\n", info->name,
				feature_has(&f, id));
		else
			tap_ok(feature_has(&f, id) >= feature_has(&by_version, id), "%s is found by trying",
				info->name);
	}
}

/* Captured trees of other machines: what the files say, not this machine's kernel. */
struct tree {
	char dir[64];
	struct sysroot root;
	struct features f;
};

static void tree_dir(const struct tree *t, const char *path)
{
	char full[256];

	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		snprintf(full, sizeof(full), "%s%.*s", t->dir, (int)(slash - path), path);
		mkdir(full, 0755);
	}
	snprintf(full, sizeof(full), "%s%s", t->dir, path);
	mkdir(full, 0755);
}

static void tree_file(const struct tree *t, const char *dir, const char *name, const char *text)
{
	char full[256];
	int fd;

	tree_dir(t, dir);
	snprintf(full, sizeof(full), "%s%s/%s", t->dir, dir, name);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	tap_ok(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s/%s is written", dir,
		name);
	if (fd >= 0)
		close(fd);
}

static void tree_make(struct tree *t, const char *release)
{
	char line[64];

	strcpy(t->dir, "/tmp/pidtap-feature-XXXXXX");
	tap_ok(mkdtemp(t->dir), "a private tree for %s", release);
	t->root.prefix = t->dir;
	snprintf(line, sizeof(line), "%s\n", release);
	tree_file(t, "/proc/sys/kernel", "osrelease", line);
}

static bool tree_has(struct tree *t, enum feature id)
{
	features_init(&t->f, &t->root, 0);
	return feature_has(&t->f, id);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void tree_remove(struct tree *t)
{
	tap_is_int(nftw(t->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0, "the tree is removed");
}

static void test_tree_versions(void)
{
	struct tree t;

	tree_make(&t, "4.14.0-3-amd64");
	tap_ok(!tree_has(&t, FEAT_RAW_TP), "the tree's release decides, no trial is made on this machine");
	tap_is_int(t.f.kver, KVER(4, 14, 0), "and is the version");
	tap_ok(tree_has(&t, FEAT_LRU_HASH), "what 4.14 has is there");
	tap_ok(tree_has(&t, FEAT_KPROBES) && tree_has(&t, FEAT_TC_BPF),
		"what no file denies is taken as there");
	tree_remove(&t);
}

static void test_tree_config(void)
{
	struct tree t;

	tree_make(&t, "6.1.0");
	tree_file(&t, "/boot", "config-6.1.0",
		"CONFIG_NET_CLS_BPF=m\nCONFIG_NET_SCH_INGRESS=y\n# CONFIG_KPROBE_EVENTS is not set\n"
		"CONFIG_FTRACE_SYSCALLS_NOT=y\nCONFIG_BPF_JIT=y\n");
	tap_ok(!tree_has(&t, FEAT_KPROBES), "configured without kprobes");
	tap_ok(!tree_has(&t, FEAT_SYSCALL_TP_BPF), "configured without system call tracepoints");
	tap_ok(tree_has(&t, FEAT_JIT), "a JIT, and no sysctl that denies it");
	tree_file(&t, "/proc/sys/net/core", "bpf_jit_enable", "0\n");
	tap_ok(!tree_has(&t, FEAT_JIT), "a JIT that is switched off");
	tree_file(&t, "/lib/modules/6.1.0", "modules.dep", "kernel/net/sched/cls_u32.ko:\n");
	tap_ok(!tree_has(&t, FEAT_TC_BPF), "cls_bpf is a module that is not installed");
	tree_file(&t, "/lib/modules/6.1.0", "modules.dep", "kernel/net/sched/cls_bpf.ko.xz:\n");
	tap_ok(tree_has(&t, FEAT_TC_BPF), "cls_bpf is a module that is");
	tree_remove(&t);
}

static void test_tree_files(void)
{
	struct tree t;

	tree_make(&t, "6.1.0");
	tree_dir(&t, "/sys/bus/event_source/devices");
	tap_ok(!tree_has(&t, FEAT_PERF_KPROBE), "no kprobe among the event sources");
	tree_file(&t, "/sys/bus/event_source/devices/kprobe", "type", "8\n");
	tap_ok(tree_has(&t, FEAT_PERF_KPROBE) && tree_has(&t, FEAT_KPROBES),
		"kprobe among the event sources");
	tree_dir(&t, "/sys/kernel/tracing/events");
	tap_ok(!tree_has(&t, FEAT_SYSCALL_TP_BPF), "tracefs without system calls");
	tree_dir(&t, "/sys/kernel/tracing/events/syscalls");
	tap_ok(tree_has(&t, FEAT_SYSCALL_TP_BPF), "tracefs with system calls");
	tree_remove(&t);
}

int main(void)
{
	test_toggles();
	test_since();
	if (geteuid() == 0)
		test_trials();
	else
		printf("# the trials need root: skipped\n");
	test_tree_versions();
	test_tree_config();
	test_tree_files();
	return tap_done();
}
