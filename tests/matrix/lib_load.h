/* SPDX-License-Identifier: BSD-2-Clause */
/* Much traffic, as much as the machine bears: in an emulated one (PIDTAP_VM) a twentieth. */
#ifndef PIDTAP_TESTS_MATRIX_LIB_LOAD_H
#define PIDTAP_TESTS_MATRIX_LIB_LOAD_H

#include "tests/matrix/lib_net.h"

int load_scaled(int n);

/* Waits for the time of event i of so many a second; time begins with event 0. Of what comes late nothing is left out. */
void load_pace(int i, int per_second);

/* Sockets of no packets that push all others out of the kernel's maps, where --map-size is CROWD_MAP. They are closed again. */
#define CROWD_MAP "64"
void load_crowd(struct scene *s);

/* So many descriptors are allowed from now on. */
void load_allow_files(int n);

#endif
