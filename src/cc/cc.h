/* SPDX-License-Identifier: BSD-2-Clause */
/* pidtap-cc: BPF text, flags and header tree in, bundle out. A child process of pidtap, so that LLVM (2-5 s, 190 MB)
 * is gone when the capture runs.
 *
 *   pidtap-cc --text FILE --out FILE [--kernel-source DIR] [-- CFLAG...]
 *
 *   --text FILE           the flattened BPF text ("-": standard input)
 *   --out FILE            where the unsigned bundle goes: programs, maps, relocations, licence; its key is filled in by
 *                         the caller ("-": standard output)
 *   --kernel-source DIR   what BCC_KERNEL_SOURCE is set to; without it, it is unset
 *   --version             "pidtap-cc VERSION libbcc VERSION", one line
 *
 * What libbcc writes on stdout goes to stderr: stdout is the bundle or empty. Exit status 0, 1 the text did not compile
 * (diagnostics on stderr, naming probes/FILE:LINE), 2 usage.
 */
