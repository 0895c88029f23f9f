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
#include "model/conn.h"
#include "model/flow.h"
#include "model/holders.h"
#include "model/iface.h"
#include "model/proc.h"
#include "model/secret.h"
#include "model/stats.h"
#include "options.h"
#include "out/outfd.h"
#include "out/sink.h"
#include "pipeline/attribute.h"
#include "pipeline/filter.h"
#include "pipeline/hold.h"
#include "pipeline/order.h"
#include "pipeline/tail.h"
#include "source/addresses.h"
#include "source/build.h"
#include "source/child.h"
#include "source/evict.h"
#include "source/hooks.h"
#include "source/iface_select.h"
#include "source/load.h"
#include "source/netns.h"
#include "source/ring.h"
#include "source/seed.h"
#include "source/taps.h"
#include "source/tls_attach.h"
#include "source/tls_find.h"

#define OUTPUT_MAX 3
#define LEAVERS_MAX 256

/* One open output. */
struct output {
	struct sink *sink; /* NULL: it failed and was closed */
	const char *to;	   /* its name in messages */
	bool for_reading;  /* text: a reader that goes away (| head) has seen enough */
	bool for_keys;	   /* a key log: packets can do without it */
};

/* One perf buffer set and the merge of its CPUs. */
struct stream {
	struct ring *ring;
	struct order *order;
	unsigned int pops; /* since the last ring_commit */
};

/* A network namespace that is to be captured; or another one, of which no more than the addresses and sockets are known, so that
 * what only passes through a captured one finds its owner. */
struct space {
	struct session *session;
	struct netns ns;
	uint32_t pid; /* a process in it, as of the last look; 0: it has a name, or was asked for */
	bool own;
	bool wanted;	   /* to be captured */
	bool expected;	   /* our own, or asked for by itself: its end is a loss */
	const char *asked; /* as --netns says it; NULL: it is our own, or was found */
	struct addresses *addresses; /* NULL: they are not known */
	uint64_t forget_ns; /* when the addresses that went are forgotten; UINT64_MAX: none did */
	bool seeded;	    /* its sockets of before were looked for */
	struct taps *taps;  /* NULL: it is not wanted, or cannot be captured */
	struct space *next;
};

/* What an event of the loop is about. */
enum wake { WAKE_RING, WAKE_SIGNAL, WAKE_LINKS, WAKE_ADDRS, WAKE_MOUNTS, WAKE_MAPPING };

/* A process that ended and had sockets. */
struct leaver {
	struct ev_proc ended;
	uint64_t known_ns;  /* it may be known late, on a busy machine */
	uint64_t looked_ns; /* then nobody had some of them; 0: not looked yet */
};

struct session {
	const struct options *opts;
	struct sysroot root;
	struct features feat;
	uint32_t kver; /* exact LINUX_VERSION_CODE of the running kernel */

	/* in the order they are made; undone in reverse */
	struct child *command; /* NULL: none. It outlives the rest, like signal_fd */
	struct filter *filter;
	struct bundle bundle;
	const struct backend *backend;
	enum build_how how;
	struct iface_table *ifaces;
	struct flow_table *flows;
	struct holders *holders;
	struct proc_table *procs;
	struct addrs *addrs;
	struct attributor *attributor;
	struct tail *tail;
	struct output outputs[OUTPUT_MAX];
	size_t output_cnt;
	struct patience patience; /* of the outputs with their readers */
	struct maps *maps;
	struct evict *evict; /* NULL where the kernel evicts by itself */
	struct stream owners;
	struct stream packets;
	struct stream plain; /* ring NULL: no plaintext is wanted */
	struct hooks *hooks;
	struct hooks *tls_hooks; /* NULL: no plaintext is wanted */
	struct conn_table *conns; /* NULL, too */
	struct secret_table *secrets; /* NULL, like the next: no secrets are wanted */
	struct tls_probes *tls_probes;
	struct tls_find *tls_find;
	struct ring *mappings;	/* what programs load; NULL also where the kernel does not tell */
	unsigned int tls_rounds; /* that all processes are still to be looked through */
	unsigned int mapping_wakes; /* in this second */
	struct hold *hold; /* NULL: nothing is held */
	uint64_t hooked_ns; /* CLOCK_MONOTONIC, before the first of them */
	struct iface_select select;
	struct space *spaces; /* our own is the first */
	bool tapping;	      /* interfaces are tapped, and namespaces looked for */
	bool attached;	      /* packets are captured */
	int epoll_fd;
	int signal_fd;
	int mounts_fd; /* the mount table, in which namespaces get names; -1: nothing depends on it */

	struct clock_offset clock;
	struct stats stats;
	uint64_t window_end_ns; /* packets younger than this are judged early */
	uint64_t told_ns;	 /* up to here all owner and process records were handed on */
	struct ev_proc uncontained; /* whose container could not be found last */
	uint64_t next_search_ns; /* not before that all processes are looked through again */
	bool all_netns;		 /* --netns all */
	bool scan_wanted;	 /* look for namespaces as soon as may be, */
	bool scan_processes;	 /* then at all processes, too */
	uint64_t scan_ready_ns;	 /* not before that */
	uint64_t scan_next_ns;	 /* at the latest */
	int64_t look_spare_ns; /* CPU time that may be spent at once on looking who holds a socket, */
	uint64_t look_last_ns; /* as of then */
	uint32_t holder_pids[HOLDERS_PER_SOCKET]; /* of the packet in hand */
	struct leaver leavers[LEAVERS_MAX]; /* not settled yet */
	size_t leaver_cnt;
	uint64_t unsure_since_ns; /* sockets were given up then, and at unsure_looked_ns nobody was seen to have them: whoever had */
	uint64_t unsure_looked_ns; /* tells so in records of until then. 0: none */
	uint64_t end_ns;	/* --duration; UINT64_MAX: none */
	bool ended_told;	/* that the last process of -p ended */
	uint64_t scan_missed;	/* processes found at the start that there was no room to follow */
	int end_signal;		/* the last one that was to end us; 0: none */
	unsigned int ends;	/* how many were: one that was for the command counts once that ends, which is waited for until another comes */
	uint64_t ended_ns;	/* when the first of them came; 0: none did */
	bool stop;		/* leave the loop; what is in the buffers is still handed on */
	bool full;		/* no packet more: -c is reached, or the reader has seen enough */
	uint64_t full_ns;	/* since 1970: when -c was reached */
	bool unwritable;	/* an output failed: what it could not take is counted */
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
int session_attach_taps(struct space *space); /* in its namespace */

/* session_netns_asked.c: our own network namespace and those that --netns asks for. Where one is: path[PATH_MAX]. */
#define NETNS_ALL "all"
int session_find_spaces(struct session *s);
bool session_asked_is_path(const char *text);
int session_asked_path(const struct session *s, const char *text, char *path);

/* session_netns_scan.c: which others there are, once hooks tell of sockets in new ones; then all are opened; then, while it runs, as
 * they come and go. */
int session_find_others(struct session *s);
int session_open_spaces(struct session *s);
int session_watch_netns(struct session *s);
int session_tend_netns(struct session *s, uint64_t now_ns);

/* This thread acted on a socket in a namespace of this number. */
void session_note_netns(struct session *s, uint32_t inode, uint32_t tid);

/* This process ended: was it the one that showed that a namespace is there? */
void session_note_exit(struct session *s, uint32_t pid);

/* session_netns.c: the list of them. A new one takes `ns`, and is wanted if it is our own or asked for; opening prints, and one
 * that was refused stays in the list. */
int session_new_space(struct session *s, struct netns *ns, const char *asked, struct space **out);
int session_open_space(struct space *space);
void session_end_space(struct space *space);
bool session_can_enter(const struct space *space); /* false: it was refused */
struct space *session_find_space(const struct session *s, uint32_t inode);
size_t session_tap_count(const struct session *s);
size_t session_space_count(const struct session *s); /* that are captured */
int session_watch_spaces(struct session *s);

/* Once a second: what others removed. */
void session_tend_taps(struct session *s);

/* Its links or addresses changed. */
int session_on_space(struct session *s, uint32_t inode, enum wake what, uint64_t now_ns);

/* No packet more; later, all the rest. */
void session_close_taps(struct session *s);
void session_free_spaces(struct session *s);

/* session_addrs.c: the addresses of a namespace. To open, be in it; to update, when they changed; to forget, now and then. */
int session_open_addrs(struct space *space);
void session_close_addrs(struct space *space);
int session_update_addrs(struct space *space, uint64_t now_ns);
int session_forget_addrs(struct space *space, uint64_t now_ns);

/* session_seed.c: the sockets there are already, in all namespaces that are known at the start; in one that is found later, called
 * in it. Hooks must be attached. 0, or negative errno after printing: out of memory. */
int session_seed(struct session *s);
int session_seed_space(struct space *space);

/* session_loop.c: from "attached" to "asked to stop". Returns 0 or negative errno, printed. */
int session_loop(struct session *s);

/* session_watch.c: an event of the loop when `events` happen to fd, which belongs to the namespace of that inode, if to any. */
int session_watch(struct session *s, int fd, uint32_t events, enum wake what, uint32_t inode);

/* Hands on all records there are, whatever their age; for the end. */
void session_drain(struct session *s);

/* session_hold.c: a process got a descriptor of a socket that has an owner; an owner gave up one of several. */
void session_on_holder(struct session *s, const struct ev_owner *ev);
void session_on_release(struct session *s, const struct ev_release *ev);

/* Looks for a process that has the socket a release tells of. false: none is known; then *nobody says whether all were asked. */
bool session_find_heir(struct session *s, const struct ev_release *ev, struct owner *heir, bool *nobody);

/* session_exit.c: a process ended; once what its end closed has been told, its other sockets are passed on: of those that ended at
 * ended_ns or before. Records are read up to told_ns. */
void session_on_exit(struct session *s, const struct ev_proc *ev);
void session_settle_exits(struct session *s, uint64_t ended_ns, uint64_t told_ns);

/* Packets after this moment wait until whose sockets they are about is settled; UINT64_MAX: none has to. */
uint64_t session_settled_until(const struct session *s, uint64_t now_ns);

/* session_proc.c: a process began, runs another program, ended. */
void session_on_process(struct session *s, const struct ev_hdr *ev);

/* The container of an owner's process, looked up in /proc where no record told of it; NULL: none, or not known. `ctx` is the session.
 * Borrowed until the next record of a process. */
const char *session_container(void *ctx, const struct owner *owner);

/* session_filter.c: the process filters. Checked; made, with those of /proc that are named; put into the kernel's maps; once
 * the hooks tell of processes, completed by what happened before: who ended, and with -f the children there are already. */
int session_check_processes(struct session *s);
int session_make_filter(struct session *s);
int session_fill_filters(struct session *s);
int session_complete_filter(struct session *s);

/* EV_RUN_* of the filters. */
uint64_t session_run_flags(const struct session *s);

/* A process began or ended. */
void session_filter_process(struct session *s, const struct ev_hdr *ev);

/* Processes that were to be captured and are not: no room. */
uint64_t session_unfollowed(const struct session *s);

/* session_child.c: the command, if there is one: forked, early; let go, late; waited for, where the capture ended before it; its status,
 * where it did not run 128 + the signal that prevented it. */
int session_start_command(struct session *s);
void session_release_command(struct session *s);
void session_wait_command(struct session *s);
int session_command_status(const struct session *s);

/* Signals have come: for us, or for the command; or it has ended, which ends the capture soon. */
void session_on_signals(struct session *s);

/* session_holders.c, where an output shows all holders of a packet's socket: a process acted on one; puts them into the packet,
 * where there are several. */
void session_on_sharer(struct session *s, const struct ev_owner *ev);
void session_find_holders(struct session *s, const struct ev_packet *ev, struct packet *p);

/* session_tls.c: the libraries of the system are probed at the start, those only processes know while the capture runs. */
bool session_wants_secrets(const struct session *s);
int session_open_tls(struct session *s);
void session_close_tls(struct session *s);
void session_on_secret(struct session *s, const struct ev_secret *ev);
void session_on_kdf(struct session *s, const struct ev_kdf *ev);
/* A record of m_tls. */
void session_on_plain(void *ctx, const void *rec, size_t len);
/* Reads what was mapped, and looks at some more processes where it must: in each turn of the loop, which its rings wake, but not too
 * often; and once a second. */
int session_watch_mappings(struct session *s);
void session_on_mapping_wake(struct session *s, uint32_t cpu);
bool session_mappings_come_fast(const struct session *s); /* they wake nobody for the rest of this second: turns must be short */
void session_find_tls(struct session *s);
void session_tend_tls(struct session *s);

/* session_conn.c: connections by who holds them, only where plaintext is wanted: fed with what the kernel side tells and with seeds; */
int session_open_conns(struct session *s);
void session_conn_owner(struct session *s, const struct ev_owner *ev);
void session_conn_release(struct session *s, const struct ev_release *ev);
void session_conn_close(struct session *s, const struct ev_close *ev);
void session_conn_process(struct session *s, const struct ev_hdr *ev);

/* completes a piece of plaintext: by its descriptor the connection, by its connection the descriptor. */
void session_conn_plain(struct session *s, const struct ev_tls_data *ev, struct plain *p);

/* How many are known, for SIGUSR1. */
void session_conn_report(const struct session *s);

/* Where a packet goes once its owner is settled: to the sinks, at once or after its keys. */
void session_hand_packet(struct session *s, const struct ev_packet *ev, const struct packet *p);

/* session_out.c */
int session_open_sinks(struct session *s);
int session_add_plain_iface(struct session *s); /* where plaintext goes into a file: behind the interfaces there are */

/* session_sink.c: to each that has not failed; one that fails is closed, and ends the capture unless others can do without it. */
void session_sink_iface(struct session *s, const struct iface *iface);
void session_sink_packet(struct session *s, const struct packet *p);
void session_sink_secret(struct session *s, const struct secret *secret);
void session_sink_plain(struct session *s, const struct plain *p);
void session_sink_ended(struct session *s, const struct plain_end *end);
void session_flush_sinks(struct session *s);

/* Statistics, then the end of every sink that has not failed. */
void session_finish_sinks(struct session *s);
void session_close_sinks(struct session *s);

/* session_report.c: reads the kernel's counters; the line at exit; all of them, for SIGUSR1. */
void session_refresh_stats(struct session *s);
void session_report_end(struct session *s);
void session_report_counters(struct session *s);

#endif
