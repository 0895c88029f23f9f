/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/procnet.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_MAX_BYTES (256U << 20) /* 150 bytes a socket */
#define V4_DIGITS 8
#define V6_DIGITS 32

/* Each 32 bits of the address as a number of this machine's byte order (get_tcp4_sock in net/ipv4/tcp_ipv4.c and its kin). */
static void read_addr(const char *hex, size_t digits, uint8_t addr[16])
{
	uint32_t words[4] = {0};

	for (size_t i = 0; i < digits / 8; i++) {
		char word[9] = {0};

		memcpy(word, hex + 8 * i, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	memset(addr, 0, 16);
	if (digits == V6_DIGITS) {
		memcpy(addr, words, 16);
	} else if (words[0]) {
		addr[10] = addr[11] = 0xff;
		memcpy(addr + 12, words, 4);
	}
}

/* A connected socket's family says nothing of what else it takes. */
static uint8_t flags_of(size_t digits, uint8_t state)
{
	if (digits != V6_DIGITS)
		return 0;
	return state == TCP_LISTEN || state == TCP_CLOSE ? EV_OWN_V6 | EV_OWN_V6ONLY : EV_OWN_V6;
}

static bool read_line(const char *line, uint8_t proto, uint32_t netns, struct sock_seen *out)
{
	char local[V6_DIGITS + 1], remote[V6_DIGITS + 1];
	unsigned int lport, rport, state;
	size_t digits;

	memset(out, 0, sizeof(*out));
	if (sscanf(line, " %*d: %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64, local, &lport,
		    remote, &rport, &state, &out->ino) != 6)
		return false;
	digits = strlen(local);
	if ((digits != V4_DIGITS && digits != V6_DIGITS) || strlen(remote) != digits || !lport)
		return false;
	read_addr(local, digits, out->key.laddr);
	read_addr(remote, digits, out->key.raddr);
	out->key.netns = netns;
	out->key.proto = proto;
	out->key.lport = (uint16_t)lport;
	out->key.rport = proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ? 0 : (uint16_t)rport;
	out->state = (uint8_t)state;
	out->flags = flags_of(digits, out->state);
	return true;
}

int procnet_read(const struct sysroot *root, const char *path, uint8_t proto, uint32_t netns, struct socks *out)
{
	struct sock_seen one;
	char *text, *line, *rest;
	int err = sysroot_read(root, path, TABLE_MAX_BYTES, &text, NULL);

	if (err)
		return err;
	rest = text;
	/* line by line: sscanf looks for the end of its text first */
	while (!err && (line = strsep(&rest, "\n")))
		if (read_line(line, proto, netns, &one))
			err = socks_add(out, &one);
	free(text);
	return err;
}
