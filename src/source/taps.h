/* SPDX-License-Identifier: BSD-2-Clause */
/* Our classifiers on every interface of one network namespace that is captured, also on those that appear later. Owns the loaded
 * tc programs and what they are attached to; undoes it in reverse. */
#ifndef PIDTAP_SOURCE_TAPS_H
#define PIDTAP_SOURCE_TAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "source/bundle.h"
#include "source/iface_select.h"
#include "source/links.h"
#include "source/load.h"

struct taps;

/* An interface is captured from now on (link->gone: no longer). Negative errno ends everything. */
typedef int (*taps_cb)(void *ctx, const struct link *link);

struct taps_opts {
	const struct bundle *bundle; /* borrowed until taps_close, like maps */
	const struct maps *maps;
	uint32_t kern_version;
	uint32_t netns;		     /* inode of the namespace */
	const char *netns_name;	     /* borrowed; "": our own */
	uint32_t snaplen;
	uint64_t run_flags;	     /* EV_RUN_* but L3 */
	struct iface_select *select; /* borrowed */
	taps_cb on_link;
	void *ctx;
};

/* Cleans up after killed runs, loads the programs, attaches, all in the namespace this thread is in; later it need not be in it.
 * Prints; negative errno, and nothing stays attached. Of several interfaces one that cannot be attached is warned about and
 * left out unless it was named; none to attach to is no error here. */
int taps_open(const struct taps_opts *opts, struct taps **out);
void taps_close(struct taps *t);

/* Readable when interfaces came or went, or filters; then call taps_changes. Prints. */
int taps_fd(const struct taps *t);
int taps_changes(struct taps *t);

/* Attaches again where another program removed our filters; called once a second, and by taps_changes. Prints. */
void taps_tend(struct taps *t);

/* Interfaces that are captured at this moment. */
size_t taps_count(const struct taps *t);

/* Appends the names of all interfaces there are, as outputs show them, each with ", " before it unless it is the first. */
void taps_list(struct taps *t, struct buf *names);

#endif
