/* SPDX-License-Identifier: BSD-2-Clause */
/* What a module says on stderr, or prints on stdout, for tests that judge the words. */
#ifndef PIDTAP_TESTS_STDERR_H
#define PIDTAP_TESTS_STDERR_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct caught {
	FILE *stream;
	int saved, file;
};

/* From here on `stream` goes into a file. */
static inline void catch_begin(struct caught *c, FILE *stream)
{
	FILE *tmp = tmpfile();

	fflush(stream);
	c->stream = stream;
	c->saved = dup(fileno(stream));
	c->file = tmp ? dup(fileno(tmp)) : -1;
	if (c->saved < 0 || c->file < 0 || dup2(c->file, fileno(stream)) < 0) {
		printf("Bail out! cannot redirect a stream\n");
		exit(1);
	}
	fclose(tmp);
}

/* Back again. `words` gets what was written, at most size - 1 bytes, and is returned. */
static inline char *catch_end(struct caught *c, char *words, size_t size)
{
	ssize_t n;

	fflush(c->stream);
	n = pread(c->file, words, size - 1, 0);
	words[n > 0 ? n : 0] = 0;
	dup2(c->saved, fileno(c->stream));
	close(c->saved);
	close(c->file);
	return words;
}

#endif
