/* SPDX-License-Identifier: BSD-2-Clause */
/* tun devices: a process reads what is sent to one, and what it writes comes in. */
#ifndef PIDTAP_TESTS_MATRIX_LIB_TUN_H
#define PIDTAP_TESTS_MATRIX_LIB_TUN_H

#include "tests/matrix/lib_net.h"

const char *tun_lacks(void); /* for .lacks */

/* For setup: device tunNUMBER, that stays there with nobody reading; its addresses as net_addr(). */
void tun_add(const char *ns, int number);
void tun_addr(const char *ns, int number, int net, int host);

/* Its packets, of this thread's namespace. */
int tun_open(int number);

#endif
