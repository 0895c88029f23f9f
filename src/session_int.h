/* SPDX-License-Identifier: BSD-2-Clause */
/* What a capture owns. Stays in src/session*.c: everything else gets only what it needs. */
#ifndef PIDTAP_SESSION_INT_H
#define PIDTAP_SESSION_INT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "compat/feature.h"
#include "model/addrs.h"
#include "model/flow.h"
#include "model/holders.h"
#include "model/iface.h"
#include "model/secret.h"
#include "model/stats.h"
#include "options.h"
#include "out/sink.h"
#include "pipeline/attribute.h"
#include "pipeline/filter.h"
#include "pipeline/hold.h"
#include "pipeline/order.h"
#include "source/build.h"
#include "source/evict.h"
#include "source/hooks.h"
#include "source/load.h"
#include "source/ring.h"
#include "source/taps.h"
#include "source/tls_attach.h"
#include "source/tls_find.h"

#define OUTPUT_MAX 3

/* One open output. */
struct output {
	struct sink *sink; /* NULL: it failed and was closed */
	const char *to;	   /* its name in messages */
	bool for_reading;  /* text: a reader that goes away (| head) has seen enough */
};

/* One perf buffer set and the merge of its CPUs. */
struct stream {
	struct ring *ring;
	struct order *order;
	unsigned int pops; /* since the last ring_commit */
};

struct session {
	const struct options *opts;
	struct sysroot root;
	struct features feat;
	uint32_t kver;	/* exact LINUX_VERSION_CODE of the running kernel */
	uint32_t netns; /* inode of our network namespace */

	/* in the order they are made; undone in reverse */
	struct bundle bundle;
	const struct backend *backend;
	enum build_how how;
	struct iface_table *ifaces;
	struct flow_table *flows;
	struct holders *holders;
	struct addrs *addrs;
	struct attributor *attributor;
	struct output outputs[OUTPUT_MAX];
	size_t output_cnt;
	struct maps *maps;
	struct evict *evict; /* NULL where the kernel evicts by itself */
	struct stream owners;
	struct stream packets;
	struct stream plain; /* ring NULL: no plaintext is wanted */
	struct hooks *hooks;
	struct hooks *tls_hooks; /* NULL: no plaintext is wanted */
	struct secret_table *secrets; /* NULL, like the next: no secrets are wanted */
	struct tls_probes *tls_probes;
	struct tls_find *tls_find;
	struct hold *hold; /* NULL: nothing is held */
	struct taps *taps;
	int epoll_fd;
	int signal_fd;

	struct clock_offset clock;
	struct filter filter;
	struct stats stats;
	uint64_t window_end_ns; /* packets younger than this are judged early */
	uint64_t next_search_ns; /* not before that all processes are looked through again */
	uint64_t end_ns;	/* --duration; UINT64_MAX: none */
	bool stop;		/* leave the loop; what is in the buffers is still handed on */
	bool full;		/* no packet more: -c is reached, or an output failed */
	bool interfaces_lost; /* a named interface vanished */
	int status;
};

/* session_bundle.c: chooses the back-end and gets its bundle; or, for --dump-bpf and --bundle-out, does no more than that.
 * Like all steps of the start: 0, or negative errno after printing. */
int session_get_bundle(struct session *s);
int session_compile_only(struct session *s);

/* session_open.c */
int session_make_maps(struct session *s);
int session_open_evict(struct session *s);
int session_open_streams(struct session *s);
void session_close_streams(struct session *s);
int session_attach_taps(struct session *s);

/* No -i, or -i any. */
bool session_wants_all(const struct options *opts);

/* session_addrs.c: the addresses of our own namespace as they are now. */
int session_read_addrs(struct session *s);

/* session_loop.c: from "attached" to "asked to stop". Returns 0 or negative errno, printed. */
int session_loop(struct session *s);

/* Hands on all records there are, whatever their age; for the end. */
void session_drain(struct session *s);

/* session_hold.c: a process got a descriptor of a socket that has an owner; an owner gave up one of several. */
void session_on_holder(struct session *s, const struct ev_owner *ev);
void session_on_release(struct session *s, const struct ev_release *ev);

/* session_tls.c: the libraries of the system are probed at the start, those only processes know while the capture runs. */
int session_open_tls(struct session *s);
void session_close_tls(struct session *s);
void session_on_secret(struct session *s, const struct ev_secret *ev);
/* A record of m_tls. */
void session_on_plain(void *ctx, const void *rec, size_t len);
/* Looks at some more processes; call it about every tick. */
void session_find_tls(struct session *s);

/* Where a packet goes once its owner is settled: to the sinks, at once or after its keys. */
void session_hand_packet(struct session *s, const struct ev_packet *ev, const struct packet *p);

/* session_out.c */
int session_open_sinks(struct session *s);
void session_sink_iface(struct session *s, const struct iface *iface);
void session_sink_packet(struct session *s, const struct packet *p);
void session_sink_secret(struct session *s, const struct secret *secret);
void session_sink_plain(struct session *s, const struct plain *p);
void session_flush_sinks(struct session *s);

/* Statistics, then the end of every sink that has not failed. */
void session_finish_sinks(struct session *s);
void session_close_sinks(struct session *s);

/* session_report.c: reads the kernel's counters; the line at exit; all of them, for SIGUSR1. */
void session_refresh_stats(struct session *s);
void session_report_end(struct session *s);
void session_report_counters(struct session *s);

#endif
