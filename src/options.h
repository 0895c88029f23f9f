/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for, checked. Filled by cli, read by session; modules below take their own struct x_opts. */
#ifndef PIDTAP_OPTIONS_H
#define PIDTAP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum action {
	ACTION_CAPTURE,
	ACTION_PROBE_CHECK, /* --probe-check */
	ACTION_DUMP_BPF,    /* --dump-bpf */
	ACTION_BUNDLE_OUT   /* --bundle-out FILE: compile, write, end */
};

struct options {
	enum action action;

	/* where */
	const char **ifaces; /* -i; empty or "any": all */
	size_t iface_cnt;
	const char **netns; /* --netns; besides our own */
	size_t netns_cnt;

	/* which packets */
	uint32_t *pids; /* -p */
	size_t pid_cnt;
	uint32_t *uids; /* --uid */
	size_t uid_cnt;
	const char **comms; /* --comm */
	size_t comm_cnt;
	bool follow; /* -f: of -p's children, too */
	char **command; /* -- COMMAND ARG...: NULL-terminated, borrowed from argv; NULL: none */
	bool include_unknown;
	uint32_t snaplen;	/* -s; bytes, 1 .. EV_SNAPLEN_MAX */
	uint64_t max_packets;	/* -c; 0: no limit */
	uint64_t duration_ns;	/* --duration; 0: no limit */

	/* to where */
	const char *write_path; /* -w; NULL: text only, "-": standard output */
	const char *keylog_path; /* --keylog; NULL: none */
	bool plaintext;		/* --plaintext */
	bool hex;		/* -X */
	bool json;		/* --json: in place of text */
	bool no_keys;		/* --no-keys: no secrets, also not in -w */
	const char **libssl;	/* --libssl: further TLS libraries */
	size_t libssl_cnt;
	uint64_t hold_ns;	/* --hold: how long a TLS handshake waits for its keys; 0: not */
	bool print;		/* --print: text too when -w is given */
	bool quiet;		/* -q */
	bool verbose;		/* -v */

	/* how */
	const char *backend;	    /* --backend */
	uint32_t assume_kver;	    /* --assume-kernel; 0: the running one */
	const char *kernel_headers; /* --kernel-headers */
	bool headers_force;	    /* --kernel-headers-force */
	const char *cache_dir;
	bool no_cache;
	const char *bundle;	/* --bundle FILE */
	const char *bundle_out; /* --bundle-out FILE */
	uint32_t map_size;	/* --map-size: entries of the kernel's owner map */
	size_t buffer_size;	/* --buffer-size: bytes of packet buffer per CPU */
	uint64_t window_ns;	/* --window: how long a packet waits for a late owner */
};

#endif
