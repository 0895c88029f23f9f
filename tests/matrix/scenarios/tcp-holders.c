/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/matrix/matrix.h"

#include <unistd.h>

enum { LISTENS, CONNECTED, CHILD_ACTS, CHILD_ENDS, PASSES, FEWER, AGAIN };

/* Who holds a socket is looked for after its packets: nobody may come or go meanwhile. */
#define HOLD_MS 500

static int listener, conn, channel[2];

/* Inherited both, and only has them. */
static void idler(struct scene *s)
{
	gate_wait(s, FEWER);
	sk_close(listener);
	gate_wait(s, AGAIN);
}

/* Has what its parent accepted, acts on it, and closes it. */
static void child(struct scene *s)
{
	gate_wait(s, CHILD_ACTS);
	sk_send(conn, 70);
	sk_wait_acked(conn);
	gate_wait(s, CHILD_ENDS);
	sk_close(conn);
}

/* Is given the connection, and acts on it at once: that another process got it is not told by every back-end. */
static void taker(struct scene *s)
{
	int fd;

	sk_close(listener);
	gate_wait(s, PASSES); /* as the log says, it may have it as soon as it waits for it */
	fd = sk_take(channel[1]);
	sk_send(fd, 40);
	sk_recv(fd, 60);
	sk_send(fd, 60);
	pause_ms(HOLD_MS);
	sk_recv_end(fd);
	sk_close(fd);
}

static void share_with_child(struct scene *s)
{
	pid_t pid = spawn(s, "child", NULL, child);

	answer(conn, 200);
	pause_ms(HOLD_MS);
	gate_open(s, CHILD_ACTS);
	sk_recv(conn, 20);
	pause_ms(HOLD_MS);
	gate_open(s, CHILD_ENDS);
	reap(s, pid);
}

static void server(struct scene *s)
{
	listener = tcp_listen(s);
	spawn(s, "taker", NULL, taker);
	spawn(s, "idler", NULL, idler);
	gate_open(s, LISTENS);
	gate_wait(s, CONNECTED);
	conn = tcp_accept(listener);
	answer(conn, 100);
	share_with_child(s);
	answer(conn, 300);
	sk_wait_acked(conn);
	gate_open(s, PASSES);
	sk_pass(channel[0], conn);
	pause_ms(2 * HOLD_MS);
	sk_close(conn);
	gate_open(s, FEWER);
	gate_wait(s, CONNECTED);
	conn = tcp_accept(listener);
	sk_recv_end(conn);
	sk_close(conn);
	gate_open(s, AGAIN);
	reap_all(s);
}

static void connect_late(struct scene *s, int *fd)
{
	*fd = tcp_connect(s);
	pause_ms(HOLD_MS);
	gate_open(s, CONNECTED);
}

static void client(struct scene *s)
{
	int fd, second;

	gate_wait(s, LISTENS);
	connect_late(s, &fd);
	ask(fd, 100);
	ask(fd, 200);
	sk_recv(fd, 70);
	sk_send(fd, 20);
	ask(fd, 300);
	sk_recv(fd, 40);
	ask(fd, 60);
	pause_ms(2 * HOLD_MS);
	sk_close(fd);
	connect_late(s, &second);
	sk_close(second);
}

static void run(struct scene *s)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		fail("socketpair");
	spawn_server(s, server);
	spawn_client(s, client);
	reap_all(s);
	close(channel[0]);
	close(channel[1]);
}

SCENARIO(.name = "tcp-holders", .about = "sockets that several processes hold at once, and fewer later", .run = run);
