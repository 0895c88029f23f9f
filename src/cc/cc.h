/* SPDX-License-Identifier: BSD-2-Clause */
/* pidtap-cc: BPF text, flags and header tree in, bundle out. A child process of pidtap, so that LLVM (2-5 s,
 * 190 MB) is gone when the capture runs.
 *
 *   pidtap-cc --text FILE --out FILE [--kernel-source DIR] [-- CFLAG...]
 *
 *   --text FILE           the flattened BPF text ("-": standard input)
 *   --out FILE            where the unsigned bundle goes: programs, maps, relocations, licence; its key
 *                         is filled in by the caller ("-": standard output)
 *   --kernel-source DIR   what BCC_KERNEL_SOURCE is set to; without it, it is unset
 *   --version             "pidtap-cc VERSION libbcc VERSION", one line
 *
 * What libbcc writes on stdout goes to stderr: stdout is the bundle or empty. Exit status 0, 1 the text did
 * not compile (diagnostics on stderr, naming probes/FILE:LINE), 2 usage.
 *
 * main.c is the command, compile.c the one place that talks to libbcc's compiler.
 */
#ifndef PIDTAP_CC_CC_H
#define PIDTAP_CC_CC_H

#include "source/bundle.h"

/* Compiles `text` (NUL-terminated) with the given clang flags against the headers that BCC_KERNEL_SOURCE
 * names, or, where that is unset, those of the running kernel. libbcc creates the maps while compiling, in
 * the size the text gives them: defaults must be small, and it takes the right to create maps. Writes
 * diagnostics to stderr; libbcc may write to stdout and changes the working directory for a while. 0: *out is
 * the caller's, its key empty. -EINVAL: the text is in error. -ENOMEM, not yet printed. */
int cc_compile(const char *text, char *const *flags, int flag_cnt, struct bundle *out);

/* "0.26.0": the libbcc this was built for. */
const char *cc_libbcc_version(void);

#endif
