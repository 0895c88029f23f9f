/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes: what the kernel side tells of them. */
#include "session_int.h"

static int take(struct session *s, const struct ev_hdr *ev)
{
	switch (ev->type) {
	case EV_FORK:
		return proc_fork(s->procs, (const struct ev_proc *)ev);
	case EV_EXEC:
		return proc_exec(s->procs, (const struct ev_exec *)ev);
	case EV_RENAME:
		return proc_renamed(s->procs, (const struct ev_proc *)ev);
	case EV_EXIT:
		return proc_exit(s->procs, (const struct ev_proc *)ev);
	default:
		return 0;
	}
}

void session_on_process(struct session *s, const struct ev_hdr *ev)
{
	session_filter_process(s, ev);
	session_conn_process(s, ev);
	if (take(s, ev))
		s->stats.claims_failed++;
	if (ev->type != EV_EXIT)
		return;
	session_note_exit(s, ((const struct ev_proc *)ev)->pid);
	session_on_exit(s, (const struct ev_proc *)ev);
}
