/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/holders.c src/model/owner.c */
#include "tap.h"

#include "model/holders.h"

#define INO 5
#define OTHER_INO 6

static struct owner process(uint32_t pid)
{
	return (struct owner){.pid = pid, .tid = pid, .start_ns = pid * 1000000000ULL};
}

static void add(struct holders *h, uint64_t ino, uint32_t pid, uint64_t since_ns)
{
	struct owner who = process(pid);

	if (holders_add(h, ino, &who, since_ns, 7))
		tap_ok(false, "holders_add");
}

/* Who has it now: the only ones in this list that ends with 0. */
static bool is_listed(void *ctx, struct holder *holder)
{
	for (const uint32_t *pid = ctx; *pid; pid++)
		if (*pid == holder->who.pid)
			return true;
	return false;
}

static void look(struct holders *h, uint64_t now_ns, uint32_t *have)
{
	holders_look(h, INO, now_ns - 10, now_ns, is_listed, have);
}

static bool are(const struct holders *h, uint64_t ts_ns, uint32_t first, uint32_t second)
{
	uint32_t pids[4] = {0};
	size_t n = holders_pids(h, INO, ts_ns, pids, 4);

	return n == (size_t)!!first + !!second && pids[0] == first && pids[1] == second;
}

static void test_proof(void)
{
	struct holders *h = holders_new(4);
	uint32_t both[] = {20, 10, 0}, one[] = {20, 0}, nobody[] = {0};

	tap_is_int(holders_looked_ns(h, INO), 0, "nobody is known: it was never looked");
	look(h, 11, nobody);
	tap_is_int(holders_looked_ns(h, INO), 0, "nor is it then");
	add(h, INO, 20, 100);
	add(h, INO, 10, 200);
	tap_ok(are(h, 300, 0, 0), "told of, and not looked at: nobody");
	look(h, 400, both);
	tap_is_int(holders_looked_ns(h, INO), 390, "it was looked, with all that was told of up to then");
	tap_ok(are(h, 300, 10, 20), "between what was told and what was seen: both, ascending");
	tap_ok(are(h, 400, 10, 20), "up to the look");
	tap_ok(are(h, 401, 0, 0), "and no further");
	tap_ok(are(h, 200, 10, 20), "from the moment they had it");
	tap_ok(are(h, 199, 20, 0), "not before");
	add(h, INO, 10, 150);
	tap_ok(are(h, 150, 10, 20), "one that turns out to have had it earlier");
	add(h, INO, 10, 180);
	tap_ok(are(h, 150, 10, 20), "and not later");
	look(h, 500, one);
	tap_ok(are(h, 450, 20, 0), "who has it no more is not named");
	tap_is_int(holders_count(h, INO), 1, "and forgotten");
	add(h, INO, 10, 600);
	look(h, 700, both);
	tap_ok(are(h, 550, 20, 0), "one that got it again had it not meanwhile");
	tap_ok(are(h, 650, 10, 20), "but then");
	look(h, 800, nobody);
	tap_is_int(holders_count(h, INO), 0, "nobody has it: the socket is forgotten");
	holders_free(h);
}

static void test_list(void)
{
	struct holders *h = holders_new(2);
	struct owner who[2 * HOLDERS_PER_SOCKET];
	uint32_t pids[2];

	tap_is_int(holders_get(h, INO, who, 32), 0, "nobody was told of");
	tap_ok(!holders_at(h, INO, 0), "not even the first");
	for (uint32_t pid = 1; pid <= HOLDERS_PER_SOCKET + 4; pid++)
		add(h, INO, pid, pid);
	tap_is_int(holders_get(h, INO, who, 2 * HOLDERS_PER_SOCKET), HOLDERS_PER_SOCKET, "of one socket's the last are kept");
	tap_ok(who[0].pid == HOLDERS_PER_SOCKET + 4 && who[HOLDERS_PER_SOCKET - 1].pid == 5, "the last one first");
	tap_is_int(holders_at(h, INO, 0)->who.pid, 5, "the first of them, by its place");
	tap_is_int(holders_at(h, INO, 0)->fd, 7, "with its descriptor");
	add(h, INO, HOLDERS_PER_SOCKET + 4, 1);
	tap_is_int(holders_count(h, INO), HOLDERS_PER_SOCKET, "one that is known is not told twice");
	for (size_t i = 0; i < HOLDERS_PER_SOCKET; i++)
		holders_at(h, INO, i)->seen_ns = 1000;
	tap_is_int(holders_pids(h, INO, 900, pids, 2), 2, "no more are given than fit");
	add(h, OTHER_INO, 1, 1);
	add(h, 7, 1, 1);
	tap_is_int(holders_count(h, INO), 0, "beyond its size the first socket is forgotten");
	tap_is_int(holders_count(h, OTHER_INO), 1, "not the second");
	tap_is_int(holders_count(h, 7), 1, "nor the last");
	holders_free(h);
	holders_free(NULL);
}

int main(void)
{
	test_proof();
	test_list();
	return tap_done();
}
