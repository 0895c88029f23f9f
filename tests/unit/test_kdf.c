/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/kdf.c src/model/secret.c */
/* What libcrypto derives, as lines of a key log. */
#include "model/kdf.h"
#include "tap.h"

#include <errno.h>

static struct ev_kdf derived(const char *label, uint8_t random, uint8_t key, uint8_t secret)
{
	struct ev_kdf ev;

	memset(&ev, 0, sizeof(ev));
	ev.hdr.ts_ns = 5;
	ev.pid = 12;
	ev.secret_len = 48;
	ev.flags = EV_KDF_UPDATES;
	memset(ev.random, random, sizeof(ev.random));
	memset(ev.key, key, ev.secret_len);
	memset(ev.secret, secret, ev.secret_len);
	snprintf(ev.label, sizeof(ev.label), "%s", label);
	return ev;
}

/* Its line's label; "" for none, "?" where it is not known whose it is. It is known from then on. */
static const char *line_of(struct secret_table *t, const struct ev_kdf *ev)
{
	static struct ev_secret made;
	int makes = kdf_secret(t, ev, &made);

	if (makes <= 0)
		return makes ? makes == -ENOENT ? "?" : "error" : "";
	tap_ok(made.secret_len == ev->secret_len && !memcmp(made.secret, ev->secret, ev->secret_len) &&
			!memcmp(made.random, ev->random, EV_RANDOM_LEN) && made.pid == 12 && made.hdr.ts_ns == 5,
		"%s: all of the rest is taken over", made.label);
	tap_is_int(secret_add(t, &made, NULL), 1, "%s: it is a sound line", made.label);
	return made.label;
}

static void test_labels(void)
{
	static const char *const pairs[][2] = {
		{"c hs traffic", "CLIENT_HANDSHAKE_TRAFFIC_SECRET"},
		{"s hs traffic", "SERVER_HANDSHAKE_TRAFFIC_SECRET"},
		{"c ap traffic", "CLIENT_TRAFFIC_SECRET_0"},
		{"s ap traffic", "SERVER_TRAFFIC_SECRET_0"},
		{"exp master", "EXPORTER_SECRET"},
		{"c e traffic", "CLIENT_EARLY_TRAFFIC_SECRET"},
		{"e exp master", "EARLY_EXPORTER_SECRET"},
		{"key expansion", "CLIENT_RANDOM"},
		{"res master", ""},
		{"resumption", ""},
		{"", ""},
	};
	struct secret_table *t = secret_table_new(10);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct ev_kdf ev = derived(pairs[i][0], 1, 9, (uint8_t)(20 + i));

		tap_is_str(line_of(t, &ev), pairs[i][1], pairs[i][0]);
	}
	secret_table_free(t);
}

static void test_unknown(void)
{
	struct secret_table *t = secret_table_new(10);
	struct ev_kdf ev = derived("c hs traffic", 1, 9, 8);

	ev.secret_len = 0;
	tap_is_str(line_of(t, &ev), "?", "a secret of an unknown connection is none");
	snprintf(ev.label, sizeof(ev.label), "res master");
	tap_is_str(line_of(t, &ev), "", "what is no secret of a key log is not missing");
	secret_table_free(t);
}

/* Each is made from the one before, which says whose it is. */
static void test_updates(void)
{
	struct secret_table *t = secret_table_new(10);
	struct ev_kdf client = derived("c ap traffic", 1, 2, 3), server = derived("s ap traffic", 1, 2, 4);
	struct ev_kdf first = derived("traffic upd", 1, 4, 5), second = derived("traffic upd", 1, 5, 6);
	struct ev_kdf other = derived("traffic upd", 1, 3, 7), strange = derived("traffic upd", 7, 3, 9), mute = first;

	tap_is_str(line_of(t, &first), "?", "an update of what was not seen");
	line_of(t, &client);
	line_of(t, &server);
	tap_is_str(line_of(t, &first), "SERVER_TRAFFIC_SECRET_N", "the server's first update");
	tap_is_str(line_of(t, &second), "SERVER_TRAFFIC_SECRET_N", "its second");
	tap_is_str(line_of(t, &other), "CLIENT_TRAFFIC_SECRET_N", "the client's");
	tap_is_str(line_of(t, &strange), "?", "of another connection the same key means nothing");
	mute.flags = 0;
	tap_is_str(line_of(t, &mute), "", "a library that does not log them");
	secret_table_free(t);
}

int main(void)
{
	test_labels();
	test_unknown();
	test_updates();
	return tap_done();
}
