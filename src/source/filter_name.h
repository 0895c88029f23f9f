/* SPDX-License-Identifier: BSD-2-Clause */
/* The name of a tc filter says whose it is: "pidtap/PIDNS/PID/STARTTIME/made" or ".../kept". PIDNS is the inode
 * of its pid namespace (a container on the host's network has another, whose pids say nothing here), STARTTIME field 22 of
 * /proc/PID/stat: with it a reused pid is not taken for the owner. */
#ifndef PIDTAP_SOURCE_FILTER_NAME_H
#define PIDTAP_SOURCE_FILTER_NAME_H

#include <stdbool.h>

#define FILTER_NAME_MAX 256 /* CLS_BPF_NAME_LEN, net/sched/cls_bpf.c */

/* Our own process's. */
void filter_name_make(char name[FILTER_NAME_MAX], bool made_qdisc);

/* A pidtap's of our pid namespace, whose process is gone. */
bool filter_name_is_stale(const char *name);

/* A pidtap's, dead or alive, on a qdisc that a pidtap made. */
bool filter_name_made_qdisc(const char *name);

#endif
