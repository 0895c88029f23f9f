/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON for programs: one object a line, ASCII (out/json_put.h says how names are written). Every number is a number; times are seconds
 * since 1970 with nine decimals. Contract (DESIGN.md section 7); share/pidtap.8 documents each key. What is not known is null where
 * the key is always there, else the key is missing.
 *
 *   {"type":"packet","time":1700049600.123456789,"iface":"eth0","netns":4026531840,"dir":"out","len":74,"caplen":74,
 *    "ethertype":2048,"ip":4,"src":"10.0.0.1","dst":"10.0.0.2","ttl":64,"proto":6,"protocol":"tcp","sport":5555,"dport":443,
 *    "flags":"S","seq":1,"ack":0,"win":64240,"payload":0,"summary":"IP 10.0.0.1.5555 > ...",
 *    "attr":"exact","owner":{"pid":1234,"tid":1240,"uid":1000,"comm":"curl","tcomm":"curl","container":null}}
 *
 *   {"type":"plaintext","time":...,"dir":"write","fd":5,"src":"10.0.0.1","sport":5555,"dst":"10.0.0.2","dport":443,"known":true,
 *    "total":18,"offset":0,"len":18,"truncated":false,"flags":[],"data":"R0VUIC8...","attr":"exact","owner":{...}}
 */
#ifndef PIDTAP_OUT_JSON_H
#define PIDTAP_OUT_JSON_H

#include <stdbool.h>

#include "out/outfd.h"
#include "out/sink.h"

struct json_opts {
	bool verbose;	 /* -v: holders */
	bool quiet;	 /* -q: no summary */
	bool no_packets; /* plaintext only */
	bool plain;	 /* plaintext */
	/* The container of a process, borrowed until the next call; NULL: none or not known. May be NULL. */
	const char *(*container)(void *ctx, const struct owner *owner);
	void *ctx;
	const struct patience *patience; /* with a reader that does not read; borrowed during json_open; NULL: it is waited for */
};

/* Takes `fd`, also when this fails. NULL: out of memory. */
struct sink *json_open(int fd, const struct json_opts *opts);

#endif
