/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/secret.c src/out/keylog.c src/out/outfd.c src/base/patient.c src/base/clock.c */
/* Secrets: each line once, what makes a connection decryptable, and the key log. */
#include "model/secret.h"
#include "out/keylog.h"
#include "tap.h"
#include "tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct ev_secret secret(uint8_t random, const char *label, uint8_t value, uint32_t len)
{
	struct ev_secret ev;

	memset(&ev, 0, sizeof(ev));
	memset(ev.random, random, sizeof(ev.random));
	memset(ev.secret, value, len);
	ev.secret_len = len;
	snprintf(ev.label, sizeof(ev.label), "%s", label);
	return ev;
}

static int add(struct secret_table *t, uint8_t random, const char *label)
{
	struct ev_secret ev = secret(random, label, 7, 48);

	return secret_add(t, &ev, NULL);
}

static bool complete(const struct secret_table *t, uint8_t random)
{
	uint8_t bytes[EV_RANDOM_LEN];

	memset(bytes, random, sizeof(bytes));
	return secret_complete(t, bytes);
}

static int count_one(void *ctx, const struct secret *s)
{
	(void)s;
	return ++*(int *)ctx == 100 ? -E2BIG : 0;
}

static int count(const struct secret_table *t, const uint8_t *random)
{
	int n = 0;

	secret_each(t, random, count_one, &n);
	return n;
}

static void test_once(void)
{
	struct secret_table *t = secret_table_new(10);
	struct ev_secret ev = secret(1, "CLIENT_RANDOM", 7, 48);
	const struct secret *s = NULL;

	tap_is_int(secret_add(t, &ev, &s), 1, "a line is news");
	tap_ok(s && s->len == 48 && !strcmp(s->label, "CLIENT_RANDOM"), "and handed out");
	tap_is_int(secret_add(t, &ev, NULL), 0, "once: client and server on one host both tell it");
	ev.secret[0]++;
	tap_is_int(secret_add(t, &ev, NULL), 1, "another secret of the same name is another line");
	tap_is_int(count(t, ev.random), 2, "both are kept");
	secret_table_free(t);
}

static void test_refused(void)
{
	struct secret_table *t = secret_table_new(10);
	struct ev_secret ev = secret(0, "CLIENT_RANDOM", 7, 48);

	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "no random");
	ev = secret(1, "", 7, 48);
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "no label");
	ev = secret(1, "CLIENT RANDOM", 7, 48);
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "a blank in it");
	ev = secret(1, "CLIENT\n", 7, 48);
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "what would break the line");
	ev = secret(1, "CLIENT_RANDOM", 0, 48);
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "a secret of zeros: read too early");
	ev = secret(1, "CLIENT_RANDOM", 7, 0);
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "no secret");
	ev = secret(1, "CLIENT_RANDOM", 7, 48);
	ev.secret_len = EV_SECRET_MAX + 1;
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "more than there is room for");
	memset(ev.label, 'A', sizeof(ev.label));
	ev.secret_len = 48;
	tap_is_int(secret_add(t, &ev, NULL), -EBADMSG, "a label without an end");
	tap_is_int(count(t, NULL), 0, "nothing of it is kept");
	secret_table_free(t);
}

static void test_complete(void)
{
	struct secret_table *t = secret_table_new(10);

	tap_ok(!complete(t, 1), "nothing is known");
	add(t, 1, "CLIENT_HANDSHAKE_TRAFFIC_SECRET");
	add(t, 1, "SERVER_HANDSHAKE_TRAFFIC_SECRET");
	add(t, 1, "EXPORTER_SECRET");
	add(t, 1, "CLIENT_TRAFFIC_SECRET_0");
	tap_ok(!complete(t, 1), "the server's is missing");
	add(t, 2, "SERVER_TRAFFIC_SECRET_0");
	tap_ok(!complete(t, 1), "that of another connection is no help");
	add(t, 1, "SERVER_TRAFFIC_SECRET_0");
	tap_ok(complete(t, 1), "TLS 1.3: all four");
	add(t, 3, "CLIENT_RANDOM");
	tap_ok(complete(t, 3), "TLS 1.2: the master secret");
	secret_table_free(t);
}

static void test_bounds(void)
{
	struct secret_table *t = secret_table_new(2);
	uint8_t random[EV_RANDOM_LEN];

	add(t, 1, "CLIENT_RANDOM");
	add(t, 2, "CLIENT_RANDOM");
	add(t, 3, "CLIENT_RANDOM");
	tap_ok(!complete(t, 1) && complete(t, 2) && complete(t, 3), "the first connection is forgotten first");
	tap_is_int(count(t, NULL), 2, "with its lines");
	for (int i = 0; i < 70; i++) {
		struct ev_secret ev = secret(9, "CLIENT_TRAFFIC_SECRET_1", (uint8_t)(i + 1), 32);

		secret_add(t, &ev, NULL);
	}
	memset(random, 9, sizeof(random));
	tap_is_int(count(t, random), 64, "a connection has so many lines");
	secret_table_free(t);
}

static void test_line(void)
{
	struct secret_table *t = secret_table_new(1);
	struct ev_secret ev = secret(0xab, "EXPORTER_SECRET", 0x0f, EV_SECRET_MAX);
	char line[SECRET_LINE_MAX], want[SECRET_LINE_MAX + 1] = "EXPORTER_SECRET ";
	const struct secret *s = NULL;

	secret_add(t, &ev, &s);
	for (int i = 0; i < EV_RANDOM_LEN; i++)
		strcat(want, "ab");
	strcat(want, " ");
	for (int i = 0; i < EV_SECRET_MAX; i++)
		strcat(want, "0f");
	strcat(want, "\n");
	tap_is_int(secret_line(s, line), (int)strlen(want), "the longest secret fits");
	tap_is_str(line, want, "as SSLKEYLOGFILE has it");
	secret_table_free(t);
}

/* The key log is appended to, and nobody else may read it. */
static void test_keylog(void)
{
	struct secret_table *t = secret_table_new(1);
	struct ev_secret ev = secret(1, "CLIENT_RANDOM", 7, 48);
	const struct secret *s = NULL;
	char path[PATH_MAX], link[PATH_MAX];
	struct sink *sink = NULL;
	struct stat st;

	secret_add(t, &ev, &s);
	tmpdir_path(path, "keys");
	for (int i = 0; i < 2; i++) {
		tap_is_int(keylog_open(keylog_create(path), NULL, &sink), 0, "it is opened");
		tap_is_int(sink->ops->secret(sink, s), 0, "a line is written");
		sink->ops->close(sink);
	}
	tap_ok(!stat(path, &st) && (st.st_mode & 0777) == 0600, "mode 0600");
	chmod(path, 0644);
	close(keylog_create(path));
	tap_ok(!stat(path, &st) && (st.st_mode & 0777) == 0600, "also where all could read it before");
	tap_is_int(st.st_size, 2 * (14 + 64 + 1 + 96 + 1), "appended");
	tmpdir_path(link, "link");
	tap_ok(!symlink(path, link) && keylog_create(link) == -ELOOP, "not through a link");
	tap_is_int(keylog_open(open("/dev/full", O_WRONLY), NULL, &sink), 0, "a full disk");
	tap_is_int(sink->ops->secret(sink, s), -ENOSPC, "says so");
	sink->ops->close(sink);
	secret_table_free(t);
}

int main(void)
{
	test_once();
	test_refused();
	test_complete();
	test_bounds();
	test_line();
	test_keylog();
	return tap_done();
}
