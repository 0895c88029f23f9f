/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading machine code, x86-64 and AArch64 (libcapstone): which function is called with a given string, and where in its first
 * argument's object a function's argument comes from. Nothing is run.
 *
 * Arguments are numbered from 0, as both calling conventions pass them in registers: rdi, rsi, rdx, rcx, r8, r9 (System V AMD64 ABI
 * 3.2.3); x0 ... x7 (AAPCS64 6.8.2).
 */
#ifndef PIDTAP_SOURCE_CODE_H
#define PIDTAP_SOURCE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "source/elf_image.h"

struct code;

/* A reader of this image's code, which is borrowed until code_close. -EOPNOTSUPP: not one of the two machines; -ENOMEM. */
int code_open(const struct elf_image *img, struct code **out);
void code_close(struct code *c);

/* The function that is called (or jumped to as the last thing) right after the address of `str` was loaded into argument `arg`, at
 * all places that do so; 0: there is none, or they disagree. */
uint64_t code_called_with(const struct code *c, uint64_t str, unsigned int arg);

/* What a register holds, as far as it can be followed. */
enum code_kind {
	CODE_UNKNOWN,
	CODE_CONST,   /* value */
	CODE_ADDRESS, /* argument `arg` + inner */
	CODE_MEMBER   /* *(argument `arg` + outer) + inner */
};

struct code_value {
	enum code_kind kind;
	unsigned int arg;
	uint32_t outer;
	uint32_t inner;
	uint64_t value;
};

#define CODE_ARGS 6

struct code_call {
	uint64_t target;
	struct code_value args[CODE_ARGS];
};

/* The first call, or last jump, of the function at `func`, in terms of the function's own arguments. 0, or -ENOENT: none to a known
 * address within a few instructions. */
int code_first_call(const struct code *c, uint64_t func, struct code_call *out);

/* Does the function at `func` call `target`, or jump to it as the last thing, before it first returns? */
bool code_calls(const struct code *c, uint64_t func, uint64_t target);

/* The stub by which this file calls what it imports in `slot` (elf_image_import): its instruction that reads the slot. Arguments are
 * where the function will find them. 0: it has none. */
uint64_t code_stub_of(const struct code *c, uint64_t slot);

/* The one place a function that copies a field out of its first argument's object (an accessor) reads, or takes the address of:
 * CODE_ADDRESS or CODE_MEMBER of argument 0. One that calls another function first may do so for other kinds of objects only: then the
 * place is looked for where its branches before that call lead to (OpenSSL since 3.2 asks whether it is QUIC). 0, or -ENOENT where
 * there is none, or several. */
int code_read_place(const struct code *c, uint64_t func, struct code_value *place);

/* What a function stores first at the address in its argument `arg`, where that is such a place: an accessor that returns a pointer. */
int code_stored_place(const struct code *c, uint64_t func, unsigned int arg, struct code_value *place);

#endif
