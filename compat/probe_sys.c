/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat/probe.h"
#include "compat/kver.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PMU_DIR "/sys/bus/event_source/devices"
#define SMALL_FILE 4096
#define MODULES_FILE_MAX (16 << 20) /* modules.dep of a distribution is about 1 MiB */

static void release_of(const struct sysroot *root, char *out, size_t size)
{
	char *text;

	*out = '\0';
	if (sysroot_read(root, "/proc/sys/kernel/osrelease", SMALL_FILE, &text, NULL))
		return;
	snprintf(out, size, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
}

/* Looks for a line "OPTION=y" or "=m". gzopen also reads what is not compressed. '\0': no such file. */
static char option_in(const char *path, const char *option)
{
	size_t len = strlen(option);
	gzFile file = gzopen(path, "re");
	char line[256], value = 'n';

	if (!file)
		return '\0';
	while (gzgets(file, line, sizeof(line)))
		if (!strncmp(line, option, len) && line[len] == '=') {
			value = line[len + 1];
			break;
		}
	gzclose(file);
	return value;
}

/* 'y', 'm' or 'n', '\0' where this kernel's configuration is nowhere to be read. */
static char kernel_option(const struct sysroot *root, const char *option)
{
	char path[PATH_MAX], release[128], value = '\0';

	if (!sysroot_path(root, path, sizeof(path), "/proc/config.gz"))
		value = option_in(path, option);
	if (value)
		return value;
	release_of(root, release, sizeof(release));
	if (!*release || sysroot_path(root, path, sizeof(path), "/boot/config-%s", release))
		return '\0';
	return option_in(path, option);
}

enum probe_result probe_tracefs(const struct features *f, const char *path)
{
	static const char *const mounts[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	char full[PATH_MAX];

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(full, sizeof(full), "%s/events", mounts[i]);
		if (!sysroot_is_dir(&f->root, full))
			continue;
		snprintf(full, sizeof(full), "%s/%s", mounts[i], path);
		return sysroot_exists(&f->root, full) ? PROBE_YES : PROBE_NO;
	}
	return PROBE_UNKNOWN;
}

/* Whether they take programs is a matter of the version, whether they exist one of the configuration. */
enum probe_result probe_syscall_tp(const struct features *f)
{
	enum probe_result there = probe_tracefs(f, "events/syscalls");

	if (there == PROBE_UNKNOWN && kernel_option(&f->root, "CONFIG_FTRACE_SYSCALLS") == 'n')
		there = PROBE_NO;
	return there == PROBE_NO ? PROBE_NO : PROBE_UNKNOWN;
}

enum probe_result probe_perf_kprobe(const struct features *f)
{
	if (sysroot_exists(&f->root, PMU_DIR "/kprobe/type"))
		return PROBE_YES;
	return sysroot_is_dir(&f->root, PMU_DIR) ? PROBE_NO : PROBE_UNKNOWN;
}

enum probe_result probe_kprobes(const struct features *f)
{
	enum probe_result files =
		probe_perf_kprobe(f) == PROBE_YES ? PROBE_YES : probe_tracefs(f, "kprobe_events");
	char option;

	if (files != PROBE_UNKNOWN)
		return files;
	option = kernel_option(&f->root, "CONFIG_KPROBE_EVENTS");
	if (!option)
		return PROBE_UNKNOWN;
	return option == 'y' ? PROBE_YES : PROBE_NO;
}

/* Does one of the module lists name it? UNKNOWN where there is no list. */
static enum probe_result in_module_lists(const struct features *f, const char *module)
{
	static const char *const lists[] = {"modules.builtin", "modules.dep"};
	char path[PATH_MAX], release[128], file[64], *text;
	enum probe_result found = PROBE_UNKNOWN;

	release_of(&f->root, release, sizeof(release));
	snprintf(file, sizeof(file), "/%s.ko", module);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && found != PROBE_YES; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, lists[i]);
		if (sysroot_read(&f->root, path, MODULES_FILE_MAX, &text, NULL))
			continue;
		found = strstr(text, file) ? PROBE_YES : PROBE_NO;
		free(text);
	}
	return found;
}

/* Configured as a module says nothing about its file being here: an initramfs may hold none. */
static enum probe_result module_usable(const struct features *f, const char *option, const char *module)
{
	char path[PATH_MAX], value;

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	if (sysroot_is_dir(&f->root, path))
		return PROBE_YES;
	value = kernel_option(&f->root, option);
	if (value == 'y')
		return PROBE_YES;
	return value == 'n' ? PROBE_NO : in_module_lists(f, module);
}

enum probe_result probe_tc_bpf(const struct features *f)
{
	enum probe_result cls = module_usable(f, "CONFIG_NET_CLS_BPF", "cls_bpf");
	enum probe_result sch = module_usable(f, "CONFIG_NET_SCH_INGRESS", "sch_ingress");

	return cls < sch ? cls : sch;
}

/* The sysctl is seen in the initial network namespace only; elsewhere the configuration has the answer for
 * kernels that leave no choice. */
enum probe_result probe_jit(const struct features *f)
{
	enum probe_result on;
	char *text;

	if (!sysroot_read(&f->root, "/proc/sys/net/core/bpf_jit_enable", SMALL_FILE, &text, NULL)) {
		on = *text == '0' ? PROBE_NO : PROBE_YES;
		free(text);
		return on;
	}
	if (kernel_option(&f->root, "CONFIG_BPF_JIT") == 'n')
		return PROBE_NO;
	return kernel_option(&f->root, "CONFIG_BPF_JIT_ALWAYS_ON") == 'y' ? PROBE_YES : PROBE_UNKNOWN;
}
