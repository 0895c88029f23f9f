/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/perf_attach.h"
#include "source/tracefs.h"
#include "base/sysroot.h"

#include <bcc/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PMU "/sys/bus/event_source/devices/"
#define EVENTS_SIZE (1U << 20)

/* Probe events of a pidtap: "pidtap_PID/NAME" */
#define EVENT_GROUP "pidtap_"
#define EVENT_MAX 128

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

/* By the PMU "kprobe" or "uprobe": `what` is a function's name or a file's path. */
static int attach_pmu(const char *pmu, int prog_fd, const char *what, uint64_t offset, bool at_return)
{
	char type_path[64], bit_path[64];
	struct perf_event_attr attr;
	int type, bit;

	snprintf(type_path, sizeof(type_path), PMU "%s/type", pmu);
	snprintf(bit_path, sizeof(bit_path), PMU "%s/format/retprobe", pmu);
	type = read_number(type_path, "");
	bit = at_return ? read_number(bit_path, "config:") : 0;
	if (type < 0 || bit < 0)
		return -EOPNOTSUPP;
	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = (uint32_t)type;
	attr.config = at_return ? 1ULL << bit : 0;
	attr.config1 = (uint64_t)(uintptr_t)what; /* kprobe_func, uprobe_path */
	attr.config2 = offset;			  /* probe_offset */
	attr.sample_period = 1;
	attr.wakeup_events = 1;
	return open_and_enable(&attr, prog_fd);
}

int perf_attach_kprobe(int prog_fd, const char *function, bool at_return)
{
	return attach_pmu("kprobe", prog_fd, function, 0, at_return);
}

int perf_attach_uprobe(int prog_fd, const char *path, uint64_t offset, bool at_return)
{
	return attach_pmu("uprobe", prog_fd, path, offset, at_return);
}

/* Adds or removes one line of kprobe_events or uprobe_events. 0 or negative errno. */
static int edit_events(int tracefs, const char *file, const char *line)
{
	size_t len = strlen(line);
	int err, fd = openat(tracefs, file, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = write(fd, line, len) == (ssize_t)len ? 0 : -errno;
	close(fd);
	return err;
}

/* "pidtap_PID/p_..." is a kprobe, "pidtap_PID/u..." a uprobe: they may be removed by the file they were added by only. */
static const char *file_of(const char *event)
{
	const char *name = strchr(event, '/');

	return name && name[1] == 'u' ? "uprobe_events" : "kprobe_events";
}

static void remove_event(int tracefs, const char *event)
{
	char line[EVENT_MAX + 4];

	snprintf(line, sizeof(line), "-:%s\n", event);
	edit_events(tracefs, file_of(event), line);
}

/* Adds the event "GROUP/name" at `where` and attaches to it. */
static int attach_event(
	int tracefs, int prog_fd, const char *name, bool at_return, const char *where, char *event, size_t event_size)
{
	char group[EVENT_MAX / 2], line[2 * EVENT_MAX + PATH_MAX];
	uint64_t id;
	int fd;

	snprintf(group, sizeof(group), EVENT_GROUP "%d", getpid());
	snprintf(event, event_size, "%s/%s", group, name);
	snprintf(line, sizeof(line), "%c:%s %s\n", at_return ? 'r' : 'p', event, where);
	fd = edit_events(tracefs, file_of(event), line);
	if (fd) {
		event[0] = 0;
		return fd == -EINVAL ? -ENOENT : fd; /* how newer kernels call an unknown function */
	}
	fd = tracefs_event_id(tracefs, group, name, &id);
	if (!fd)
		fd = perf_attach_tracepoint(prog_fd, id);
	if (fd < 0) {
		remove_event(tracefs, event);
		event[0] = 0;
	}
	return fd;
}

int perf_attach_kprobe_event(int tracefs, int prog_fd, const char *function, bool at_return, char *event,
	size_t event_size)
{
	char name[EVENT_MAX / 2];

	snprintf(name, sizeof(name), "%c_%s", at_return ? 'r' : 'p', function);
	return attach_event(tracefs, prog_fd, name, at_return, function, event, event_size);
}

int perf_attach_uprobe_event(int tracefs, int prog_fd, const char *path, uint64_t offset, bool at_return, char *event,
	size_t event_size)
{
	static unsigned int cnt; /* several files may have the same offset */
	char name[EVENT_MAX / 2], where[PATH_MAX + 32];

	snprintf(name, sizeof(name), "u%c_%u", at_return ? 'r' : 'p', cnt++);
	snprintf(where, sizeof(where), "%s:0x%" PRIx64, path, offset);
	return attach_event(tracefs, prog_fd, name, at_return, where, event, event_size);
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

void perf_detach(int tracefs, int fd, const char *event)
{
	close(fd);
	if (event[0])
		remove_event(tracefs, event);
}

/* "p:pidtap_1234/p_tcp_connect tcp_connect": the event's name, if its process is gone. */
static const char *stale_event(char *line)
{
	char *name = strchr(line, ':');

	if (!name || strncmp(name + 1, EVENT_GROUP, sizeof(EVENT_GROUP) - 1))
		return NULL;
	name++;
	name[strcspn(name, " ")] = 0;
	return kill((pid_t)atoi(name + sizeof(EVENT_GROUP) - 1), 0) && errno == ESRCH ? name : NULL;
}

static int clean_stale(int tracefs, const char *file)
{
	int cleaned = 0, fd = openat(tracefs, file, O_RDONLY | O_CLOEXEC);
	char *text, *line, *rest;
	ssize_t n;

	if (fd < 0)
		return 0; /* built without such probes */
	text = calloc(1, EVENTS_SIZE);
	n = text ? read(fd, text, EVENTS_SIZE - 1) : 0;
	for (line = n > 0 ? strtok_r(text, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
		const char *event = stale_event(line);

		if (!event)
			continue;
		remove_event(tracefs, event);
		cleaned++;
	}
	free(text);
	close(fd);
	return cleaned;
}

int perf_clean_stale(int tracefs)
{
	return clean_stale(tracefs, "kprobe_events") + clean_stale(tracefs, "uprobe_events");
}
