/* SPDX-License-Identifier: BSD-2-Clause */
/* What kernels of which version take, as far as the BPF text of pidtap is concerned: data for the audit. The
 * sources of the numbers stand beside them, here and in rules.c:
 *
 *   [bcc]     BCC's docs/kernel-versions.md, with the commit it names
 *   [commit]  the kernel commit that brought it
 *   [seen]    tried on real kernels
 */
#ifndef PIDTAP_TESTS_PROBES_RULES_H
#define PIDTAP_TESTS_PROBES_RULES_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "compat/kver.h"

#define SINCE_NEVER UINT32_MAX

/* The program as a whole */
#define RULE_INSNS_OLD 4096				/* linux/bpf_common.h BPF_MAXINSNS */
#define SINCE_LARGE_PROG KVER(5, 2, 0)			/* [commit] c04c0d2b968a */
#define SINCE_LOOP KVER(5, 3, 0)			/* [commit] 2589726d12a1 */
#define RULE_STACK_BYTES 512				/* linux/filter.h MAX_BPF_STACK */

/* Instructions newer than the linux/bpf.h of Debian 11 */
#define RULE_MODE_ATOMIC 0xc0				/* BPF_ATOMIC, the former BPF_XADD */
#define RULE_MODE_MEMSX 0x80				/* BPF_MEMSX */
#define RULE_ATOMIC_FETCH 0x01				/* BPF_FETCH */
#define RULE_PSEUDO_KFUNC_CALL 2			/* BPF_PSEUDO_KFUNC_CALL */

/* Single instructions */
#define SINCE_BPF_CALL KVER(4, 16, 0)			/* [bcc] cc8b0b92a169 */
#define SINCE_KFUNC_CALL KVER(5, 13, 0)			/* [commit] e6ac2450d6de */
#define SINCE_MAP_VALUE KVER(5, 2, 0)			/* [commit] d8eca5bbb2be: global data */
#define SINCE_JLT KVER(4, 14, 0)			/* [commit] 92b31a9af73b: JLT, JLE, JSLT, JSLE */
#define SINCE_JMP32 KVER(5, 1, 0)			/* [commit] 092ed0968bb6 */
#define SINCE_ATOMIC KVER(5, 12, 0)			/* [commit] 5ffa25502b5a: all but a plain xadd */
#define SINCE_CPU_V4 KVER(6, 6, 0)			/* [commit] 1f9a1ea821ff and its series */

/* Where arguments of helpers may lie */
#define SINCE_MEM_IN_MAP KVER(4, 11, 0)			/* [commit] 5722569bb9c3; [seen] refused on 4.9 */
#define SINCE_KEY_IN_MAP KVER(4, 18, 0)			/* [commit] d71962f3e627; [seen] 4.9, 4.14 */
#define SINCE_SIZE_MAY_VARY KVER(4, 11, 0)		/* [commit] 06c1c049721a; [seen] 4.14: ((n - 1) & MASK) + 1 */
#define SINCE_SIZE_MAY_BE_0 KVER(4, 15, 0)		/* [commit] 9fd29c08e520; [seen] 4.9, 4.14 */
#define SINCE_STORED_POINTER KVER(5, 11, 0)		/* [commit] cd17d38f8b28 */

/* The context of tc programs, struct __sk_buff */
#define SINCE_SKB_SK KVER(5, 1, 0)			/* [commit] 46f8bc92758c */
#define SINCE_SKB_NARROW_LOAD KVER(4, 13, 0)		/* [commit] 31fd85816dbe: less than a whole field */
/* include/uapi/linux/bpf.h: 4.9's ends with data_end */
#define RULE_SKB_FIELDS_4_9 offsetof(struct __sk_buff, napi_id)

/* Pointers */
#define SINCE_NULL_CHECK_OF_COPY KVER(4, 10, 0)		/* [commit] 57a09bf0a416: a test proves all copies */
#define SINCE_UNALIGNED_MAP_ACCESS KVER(4, 14, 0)	/* [commit] f1174f77b50c */

enum rule_class { RULE_TRACING, RULE_TC, RULE_CLASS_CNT };

/* A kind of program, told by the prefix of its name (probes/README.md). */
struct rule_prog {
	const char *prefix;
	const char *what;
	enum rule_class class;
	uint32_t since;
};

enum rule_arg {
	RULE_NONE,
	RULE_ANY,
	RULE_CTX,
	RULE_MAP,
	RULE_KEY,   /* read: as many bytes as the map's key */
	RULE_VALUE, /* read: as many bytes as the map's value */
	RULE_IN,    /* read: as many bytes as the next argument says */
	RULE_OUT,   /* written: as many bytes as the next argument says */
	RULE_SIZE
};
#define RULE_ARG_CNT 5

struct rule_helper {
	int id;
	const char *name;
	uint32_t since[RULE_CLASS_CNT];
	enum rule_arg args[RULE_ARG_CNT];
};

struct rule_map {
	uint32_t type;
	const char *name;
	uint32_t since;
};

/* NULL: not in the table, so nothing is known about it. */
const struct rule_prog *rule_prog(const char *prog_name);
const struct rule_helper *rule_helper(int id);
const struct rule_map *rule_map(uint32_t type);

#endif
