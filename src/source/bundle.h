/* SPDX-License-Identifier: BSD-2-Clause */
/* A bundle: the BPF text compiled for one kernel. Programs, map definitions, relocations, licence, and the
 * key of what it was compiled from. It can be cached, and carried to hosts of the same kernel build that have
 * neither LLVM nor headers.
 *
 * File: "PIDTAPB\n", u32 version, u32 length of the rest, sha256 of the rest, then the rest in host byte
 * order (bundle.c has the layout). A reader checks magic, version, length and checksum before it looks at
 * anything, and every count and offset after that: a bundle may be damaged or hostile.
 */
#ifndef PIDTAP_SOURCE_BUNDLE_H
#define PIDTAP_SOURCE_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

struct bpf_insn; /* linux/bpf.h */

#define BUNDLE_VERSION 1
#define BUNDLE_FILE_MAX (16u << 20) /* bytes; ours have some ten thousand */
#define BUNDLE_NAME_MAX 64

struct bundle_map {
	char name[BUNDLE_NAME_MAX];
	uint32_t type; /* enum bpf_map_type, as compiled */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries; /* default, the loader may override it; 0 in a perf event array: one per CPU */
	uint32_t flags;
};

/* Instruction `insn` (a 64-bit immediate load of two slots, src_reg BPF_PSEUDO_MAP_FD, immediate 0) takes the
 * descriptor of map `map`. Ascending by `insn`; no other instruction of a bundle names a descriptor. */
struct bundle_reloc {
	uint32_t insn;
	uint32_t map;
};

struct bundle_prog {
	char name[BUNDLE_NAME_MAX]; /* its prefix says what it is: kp_ kr_ rt_ tp_ te_ tc_ (probes/README.md) */
	struct bpf_insn *insns;
	uint32_t insn_cnt;
	struct bundle_reloc *relocs;
	uint32_t reloc_cnt;
};

/* What a bundle was made for and from. All parts are compared when it is read from the cache; a carried one
 * (--bundle) must match in `release`, `notes` (`version` where the notes could not be read) and `text` (the
 * records are those of this pidtap), or it is refused. Zeroed before it is filled: the cache hashes it whole.
 */
struct bundle_key {
	char release[128]; /* uname -r */
	char version[128]; /* uname -v */
	char notes[65];	   /* hex sha256 of /sys/kernel/notes (the build id), "" where unreadable */
	char headers[65];  /* struct kheaders.identity */
	char text[65];	   /* hex sha256 of the flattened text */
	char flags[65];	   /* hex sha256 of the flags, NUL-separated */
	char compiler[65]; /* hex sha256 of which pidtap-cc and which libbcc.so (build_key.c) */
};

struct bundle {
	struct bundle_key key;
	char license[32];
	struct bundle_map *maps;
	uint32_t map_cnt;
	struct bundle_prog *progs;
	uint32_t prog_cnt;
};

/* Frees what the bundle owns; accepts a zeroed one. */
void bundle_free(struct bundle *b);

/* Serialises. 0: *data (caller frees) and *len. -ENOMEM, -E2BIG. */
int bundle_encode(const struct bundle *b, uint8_t **data, size_t *len);

/* Checks and reads. 0: *b is filled, owned by the caller. -EINVAL: not a bundle or damaged, with one clause
 * in why[why_size]. -ENOMEM. */
int bundle_decode(const uint8_t *data, size_t len, struct bundle *b, char *why, size_t why_size);

/* Reads a file (O_NOFOLLOW, regular, at most BUNDLE_FILE_MAX). Errors of bundle_decode, or negative errno of
 * the file, with its clause in why too. */
int bundle_read(const char *path, struct bundle *b, char *why, size_t why_size);

/* Writes it whole: temporary name in the same directory, 0600, fsync, rename. 0 or negative errno. */
int bundle_write(const char *path, const struct bundle *b);

/* Writes it to an open descriptor. 0 or negative errno. */
int bundle_write_fd(int fd, const struct bundle *b);

/* First difference between two keys as one clause, what the bundle was made for ("kernel
 * release 6.1.0-27-amd64, here 6.1.0-28-amd64"), in why; carried: compare only what a carried bundle must
 * match. 0: equal, -ESTALE. */
int bundle_key_compare(const struct bundle_key *have, const struct bundle_key *want, int carried, char *why,
	size_t why_size);

const struct bundle_prog *bundle_find_prog(const struct bundle *b, const char *name);

#endif
