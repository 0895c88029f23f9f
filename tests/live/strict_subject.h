/* SPDX-License-Identifier: BSD-2-Clause */
/* One hook under test: attached with maps of its own, and what it left there. */
#ifndef PIDTAP_TESTS_LIVE_STRICT_SUBJECT_H
#define PIDTAP_TESTS_LIVE_STRICT_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat/feature.h"
#include "source/bundle.h"
#include "source/hooks.h"
#include "source/load.h"
#include "source/ring.h"

/* What all subjects share. */
struct subject_env {
	const struct bundle *bundle;
	struct features feat;
	uint32_t kver;
};

struct note;

struct subject {
	const struct hook *hook;
	const struct hook *first; /* the row it needs, or NULL */
	bool attached;		  /* false: the kernel lacks its target */
	bool worked;		  /* the test's own: it was seen to do what it is for */
	struct maps *maps;
	struct ring *ring;
	struct hooks *hooks;
	struct note *notes;
	size_t note_cnt;
	size_t nameless; /* records that name nobody */
};

/* What a subject said and noted of sockets in the traffic's namespaces, and of processes. */
struct subject_seen {
	size_t named;	/* records that name a player, the one of that socket */
	uint32_t kinds; /* of these: a bit for each kind of record and protocol */
	size_t noted;	/* sockets and flows in its maps whose owner is right */
	size_t foreign; /* records and entries that name another process */
	size_t burners; /* of these: a burner */
	size_t nameless;
};

/* Attaches `hook`, and before it `first` unless that is NULL. What cannot be done ends the program. */
struct subject *subject_open(struct subject_env *env, const struct hook *hook, const struct hook *first);

/* Takes in what it said; records. */
void subject_read(struct subject *s);

/* No more is said; takes in what stands in its maps. */
void subject_detach(struct subject *s);
void subject_free(struct subject *s);

void subject_judge(const struct subject *s, struct subject_seen *out);

/* Prints, as TAP comments, whom it named wrongly; `max` at most. */
void subject_show_foreign(const struct subject *s, size_t max);

#endif
