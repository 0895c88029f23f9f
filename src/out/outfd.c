/* SPDX-License-Identifier: BSD-2-Clause */
#include "out/outfd.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_MS 100 /* how often patience is asked */

void outfd_init(struct outfd *o, int fd, const struct patience *patience)
{
	struct stat st;

	*o = (struct outfd){.fd = fd, .waits = fstat(fd, &st) || !S_ISREG(st.st_mode)};
	if (patience)
		o->patience = *patience;
}

static bool is_over(const struct patience *p, uint64_t since_ns)
{
	int ms = p->ms ? p->ms(p->ctx) : -1;

	return ms >= 0 && clock_mono_ns() - since_ns >= (uint64_t)ms * NSEC_PER_MSEC;
}

/* Until it takes PIPE_BUF bytes, as a pipe does that says it is writable (pipe(7)). */
static int wait_for_reader(const struct outfd *o)
{
	struct pollfd writable = {.fd = o->fd, .events = POLLOUT};
	uint64_t since_ns = clock_mono_ns();

	while (poll(&writable, 1, LOOK_MS) <= 0)
		if (is_over(&o->patience, since_ns))
			return -ECANCELED;
	return 0;
}

/* What was taken, or negative errno. */
static ssize_t write_some(const struct outfd *o, const uint8_t *data, size_t len)
{
	ssize_t n;
	int err;

	if (o->waits) {
		err = wait_for_reader(o);
		if (err)
			return err;
		len = len < PIPE_BUF ? len : PIPE_BUF;
	}
	n = write(o->fd, data, len);
	if (n >= 0)
		return n;
	/* a pipe may be non-blocking by somebody else's wish, and have other writers */
	return errno == EINTR || errno == EAGAIN ? 0 : -errno;
}

int outfd_write(struct outfd *o, const void *data, size_t len, size_t *done)
{
	*done = 0;
	while (*done < len && !o->error) {
		ssize_t n = write_some(o, (const uint8_t *)data + *done, len - *done);

		if (n < 0)
			o->error = (int)n;
		else
			*done += (size_t)n;
	}
	return o->error;
}

static ssize_t stream_write(void *cookie, const char *data, size_t len)
{
	size_t done;
	int err = outfd_write(cookie, data, len, &done);

	if (err)
		errno = -err;
	return (ssize_t)done;
}

static int stream_close(void *cookie)
{
	free(cookie);
	return 0;
}

FILE *outfd_stream(int fd, const struct patience *patience)
{
	const cookie_io_functions_t io = {.write = stream_write, .close = stream_close};
	struct outfd *o = malloc(sizeof(*o));
	FILE *f;

	if (!o)
		return NULL;
	outfd_init(o, fd, patience);
	f = fopencookie(o, "w", io);
	if (!f)
		free(o);
	return f;
}
