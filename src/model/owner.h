/* SPDX-License-Identifier: BSD-2-Clause */
/* Who: the process a packet belongs to, as user space holds it. */
#ifndef PIDTAP_MODEL_OWNER_H
#define PIDTAP_MODEL_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#include "probes/events.h"

struct owner {
	uint64_t start_ns; /* CLOCK_BOOTTIME of the group leader's start: (pid, start_ns) is the process */
	uint64_t sock_id;  /* generation of the socket, 0: unknown */
	uint64_t act_ns;   /* CLOCK_MONOTONIC: names and uid are those of that moment; 0: not known */
	uint32_t pid;
	uint32_t tid;
	uint32_t uid;
	uint8_t attr;		  /* EV_ATTR_*; EV_ATTR_NONE: nobody, all other fields are 0 */
	char comm[EV_COMM_LEN];	  /* the process's, NUL-terminated here whatever the kernel sent */
	char tcomm[EV_COMM_LEN];  /* the thread's own, likewise */
};

/* From a record's value; terminates the names. An all-zero value becomes nobody. */
void owner_from_val(const struct ev_owner_val *val, struct owner *out);

/* Are these the start of one process? Compared by ticks of USER_HZ: some are known from /proc, which tells no more. */
bool owner_same_start(uint64_t a_ns, uint64_t b_ns);

/* The same process (pid and start time), whatever thread. */
bool owner_is_process(const struct owner *o, uint32_t pid, uint64_t start_ns);
bool owner_same_process(const struct owner *a, const struct owner *b);

/* "exact", "listener" ... of EV_ATTR_*: the word in every output. */
const char *owner_attr_name(uint8_t attr);

#endif
