/* SPDX-License-Identifier: BSD-2-Clause */
/* What a sink writes, in memory. */
#ifndef PIDTAP_TESTS_WRITTEN_H
#define PIDTAP_TESTS_WRITTEN_H

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file in memory, which `*fd` stays open on; the answer is for the sink. */
static inline int written_begin(int *fd)
{
	*fd = memfd_create("written", 0);
	return dup(*fd);
}

/* What is in it, with a NUL behind it; the caller's. Closes `fd`. */
static inline char *written_end(int fd, size_t *len)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) || !(text = malloc((size_t)st.st_size + 1)))
		exit(1);
	*len = (size_t)st.st_size;
	if (pread(fd, text, *len, 0) != (ssize_t)*len)
		exit(1);
	text[*len] = 0;
	close(fd);
	return text;
}

#endif
