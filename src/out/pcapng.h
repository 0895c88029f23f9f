/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapng (draft-ietf-opsawg-pcapng) that Wireshark, tshark, tcpdump and capinfos read without complaint.
 *
 * SHB; one IDB per interface when it first appears (one link type and one snap length in the whole file: libpcap
 * refuses mixtures); EPB with flags, pid and tid (option 8), the Darwin process block index (option 32769) and one
 * comment; ISB per interface at the end. Blocks are built in memory and written whole; after a failed write the file is
 * cut back to its last whole block where it can be (a regular file), so it is valid at every moment.
 */
#ifndef PIDTAP_OUT_PCAPNG_H
#define PIDTAP_OUT_PCAPNG_H

#include "out/outfd.h"
#include "out/sink.h"

struct pcapng_opts {
	uint32_t snaplen;	 /* of every IDB */
	const char *hardware;	 /* SHB texts; borrowed during pcapng_open */
	const char *os;
	const char *application; /* "pidtap 0.1" */
	const char *filter;	 /* capture filter expression for the IDBs, or NULL; borrowed until close */
	const struct patience *patience; /* with a reader that does not read; borrowed during pcapng_open; NULL: it is waited for */
	uint64_t (*now_ns)(void); /* ns since 1970, for the times in the ISBs; NULL: the system's clock */
};

/* Takes `fd` (closed by close; also when this fails) and writes the SHB at its current offset. 0: *out.
 * Negative errno. */
int pcapng_open(int fd, const struct pcapng_opts *opts, struct sink **out);

/* Creates or truncates `path` for writing, mode 0600 (captures may hold keys); "-" is a copy of standard output, which
 * must not be a terminal (-ENOTTY). A descriptor, or negative errno. */
int pcapng_create(const char *path);

#endif
