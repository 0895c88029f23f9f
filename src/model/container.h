/* SPDX-License-Identifier: BSD-2-Clause */
/* From the names of cgroups to containers. */
#ifndef PIDTAP_MODEL_CONTAINER_H
#define PIDTAP_MODEL_CONTAINER_H

#define CONTAINER_ID_LEN 12 /* of the 64 hex digits of an id: what docker ps, podman ps and crictl ps show */

/* The container a cgroup path is of: docker, podman, containerd, cri-o by their ids (cut to CONTAINER_ID_LEN), lxc and
 * systemd-nspawn by name. Of nested ones the innermost. The caller frees; NULL: none, or out of memory. */
char *container_from_path(const char *path);

/* The same from the text of /proc/PID/cgroup (cgroups(7)): the first of its paths that is of one. */
char *container_from_cgroups(const char *text);

/* The path in the unified hierarchy, or in systemd's where that is only mounted beside (it is "/" then). The caller frees;
 * NULL: neither is there, or out of memory. */
char *container_cgroup(const char *text);

#endif
