/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/perf_attach.h"
#include "source/tracefs.h"
#include "base/sysroot.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KPROBE_PMU "/sys/bus/event_source/devices/kprobe/"
#define EVENTS_MAX (1U << 20)

static const struct sysroot here = {""};

/* Reads the number behind `prefix` in a small sysfs file; negative errno. */
static int read_number(const char *path, const char *prefix)
{
	char *text, *at;
	int n, err = sysroot_read(&here, path, 256, &text, NULL);

	if (err)
		return err;
	at = strstr(text, prefix);
	n = at ? atoi(at + strlen(prefix)) : -EINVAL;
	free(text);
	return n;
}

static int open_and_enable(struct perf_event_attr *attr, int prog_fd)
{
	int err, fd = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog_fd) && !ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int perf_attach_kprobe(int prog_fd, const char *function, bool at_return)
{
	struct perf_event_attr attr;
	int type = read_number(KPROBE_PMU "type", "");
	int bit = at_return ? read_number(KPROBE_PMU "format/retprobe", "config:") : 0;

	if (type < 0 || bit < 0)
		return -EOPNOTSUPP;
	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = (uint32_t)type;
	attr.config = at_return ? 1ULL << bit : 0;
	attr.kprobe_func = (uint64_t)(uintptr_t)function;
	attr.sample_period = 1;
	attr.wakeup_events = 1;
	return open_and_enable(&attr, prog_fd);
}

int perf_attach_kprobe_event(int prog_fd, const char *function, bool at_return, char *event, size_t event_size)
{
	int fd;

	/* libbcc appends "_bcc_PID": perf_clean_stale finds the pid there */
	snprintf(event, event_size, "pidtap_%c_%s", at_return ? 'r' : 'p', function);
	fd = bpf_attach_kprobe(prog_fd, at_return ? BPF_PROBE_RETURN : BPF_PROBE_ENTRY, event, function, 0, 0);
	if (fd >= 0)
		return fd;
	event[0] = 0;
	return errno ? -errno : -ENOENT;
}

int perf_attach_tracepoint(int prog_fd, uint64_t id)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = id;
	attr.sample_period = 1;
	attr.wakeup_events = 1;
	return open_and_enable(&attr, prog_fd);
}

int perf_attach_raw_tracepoint(int prog_fd, const char *name)
{
	int fd = bpf_attach_raw_tracepoint(prog_fd, (char *)(uintptr_t)name);

	return fd < 0 ? -errno : fd;
}

void perf_detach(int fd, const char *event)
{
	close(fd);
	if (event[0])
		bpf_detach_kprobe(event);
}

/* "p:kprobes/pidtap_p_tcp_connect_bcc_1234 tcp_connect": the name, if its process is gone. */
static bool stale_event(char *line, const char **name)
{
	char *ours = strstr(line, "/pidtap_"), *pid;

	if (!ours)
		return false;
	*name = strchr(line, ':') + 1;
	line[strcspn(line, " ")] = 0;
	pid = strstr(ours, "_bcc_");
	return pid && kill((pid_t)atoi(pid + 5), 0) && errno == ESRCH;
}

static int remove_event(int tracefs, const char *name)
{
	int fd = openat(tracefs, "kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
	int n;

	if (fd < 0)
		return 0;
	n = dprintf(fd, "-:%s", name) > 0;
	close(fd);
	return n;
}

int perf_clean_stale(void)
{
	int cleaned = 0, tracefs, fd;
	char *text, *line, *rest;
	ssize_t n;

	/* Only kernels without the PMU keep events; there, look. */
	if (!access(KPROBE_PMU "type", F_OK))
		return 0;
	tracefs = tracefs_open();
	if (tracefs < 0)
		return 0;
	fd = openat(tracefs, "kprobe_events", O_RDONLY | O_CLOEXEC);
	text = calloc(1, EVENTS_MAX);
	n = fd >= 0 && text ? read(fd, text, EVENTS_MAX - 1) : 0;
	for (line = n > 0 ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		const char *name;

		if (stale_event(line, &name))
			cleaned += remove_event(tracefs, name);
	}
	free(text);
	if (fd >= 0)
		close(fd);
	close(tracefs);
	return cleaned;
}
