/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/outfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/patient.h"

int outfd_stdout(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	return fd < 0 ? -errno : fd;
}

void outfd_init(struct outfd *o, int fd, const struct patience *patience)
{
	struct stat st;

	*o = (struct outfd){.fd = fd, .waits = fstat(fd, &st) || !S_ISREG(st.st_mode)};
	if (patience)
		o->patience = *patience;
}

void outfd_close(struct outfd *o)
{
	close(o->fd);
}

/* What was taken, or negative errno. */
static ssize_t write_some(const struct outfd *o, const uint8_t *data, size_t len)
{
	ssize_t n;

	if (o->waits)
		return patient_write(o->fd, data, len);
	n = write(o->fd, data, len);
	return n >= 0 ? n : errno == EINTR ? 0 : -errno;
}

/* A reader that reads little makes no room in a pipe for long, which has room by the page. */
struct progress {
	uint64_t since_ns; /* nothing was read */
	size_t unread;
};

static void note_progress(struct progress *p, int fd, ssize_t written)
{
	size_t unread = patient_unread(fd);

	if (written || unread < p->unread)
		p->since_ns = clock_mono_ns();
	p->unread = unread;
}

static bool is_over(const struct outfd *o, const struct progress *p)
{
	return o->waits && o->patience.is_over && o->patience.is_over(o->patience.ctx, p->since_ns);
}

int outfd_write(struct outfd *o, const void *data, size_t len, size_t *done)
{
	struct progress progress = {clock_mono_ns(), 0};

	*done = 0;
	while (*done < len && !o->error) {
		ssize_t n = write_some(o, (const uint8_t *)data + *done, len - *done);

		if (n < 0) {
			o->error = (int)n;
			break;
		}
		*done += (size_t)n;
		if (*done == len)
			break;
		note_progress(&progress, o->fd, n);
		if (is_over(o, &progress))
			o->error = -ECANCELED;
	}
	return o->error;
}
