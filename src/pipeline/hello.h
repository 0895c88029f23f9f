/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading TLS handshakes out of TCP segments, as far as the hold needs it: ClientHello.random and where the server answers. RFC 8446
 * sections 4.1.2, 5.1; RFC 5246 section 7.4. Nothing is decrypted; input is hostile. */
#ifndef PIDTAP_PIPELINE_HELLO_H
#define PIDTAP_PIPELINE_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probes/events.h"

/* A direction's bytes at the place where a handshake may begin: enough of a split ClientHello to have its random. */
#define HELLO_NEED 43 /* record header 5, handshake header 4, version 2, random 32 */

enum hello {
	HELLO_NO,	/* no TLS handshake begins here */
	HELLO_MORE,	/* it may: the segment ends before it can be told */
	HELLO_CLIENT,	/* ClientHello; random was read */
	HELLO_SERVER,	/* ServerHello that is no HelloRetryRequest */
	HELLO_RETRY	/* HelloRetryRequest: another ClientHello with the same random follows */
};

/* What begins with data[0]. With HELLO_CLIENT random is filled. */
enum hello hello_read(const uint8_t *data, size_t len, uint8_t random[EV_RANDOM_LEN]);

#endif
