/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

enum { LISTENS };
#define THREADS 24

static int listener;

static void *serve(void *arg)
{
	int fd;

	(void)arg;
	fd = tcp_accept(listener);
	answer(fd, 100);
	sk_recv_end(fd);
	sk_close(fd);
	return NULL;
}

/* Do all threads but this one sleep? They have nothing to sleep in but accept. */
static bool all_sleep(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;
	int asleep = 0;

	while (dir && (e = readdir(dir))) {
		char path[300], state = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/stat", e->d_name);
		f = fopen(path, "r");
		if (f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1 && state == 'S')
			asleep++;
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return asleep == THREADS;
}

static void server(struct scene *s)
{
	pthread_t threads[THREADS];

	listener = tcp_listen(s);
	for (int i = 0; i < THREADS; i++) {
		errno = pthread_create(&threads[i], NULL, serve, NULL);
		if (errno)
			fail("thread");
	}
	while (!all_sleep())
		pause_ms(1);
	gate_open(s, LISTENS);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void client(struct scene *s)
{
	int fd[THREADS];

	gate_wait(s, LISTENS);
	for (int i = 0; i < THREADS; i++)
		fd[i] = tcp_connect(s);
	for (int i = 0; i < THREADS; i++)
		ask(fd[i], 100);
	for (int i = 0; i < THREADS; i++)
		sk_close(fd[i]);
}

static void run(struct scene *s)
{
	spawn_server(s, server);
	spawn_client(s, client);
}

SCENARIO(.name = "tcp-accept-24", .about = "24 threads in accept at once", .run = run);
