/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel versions as the kernel writes them: LINUX_VERSION_CODE = major << 16 | minor << 8 | patch, the patch level
 * clamped to 255 (include/generated/uapi/linux/version.h). */
#ifndef PIDTAP_COMPAT_KVER_H
#define PIDTAP_COMPAT_KVER_H

#include <stdint.h>

#define KVER(major, minor, patch) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8 | (uint32_t)(patch))

/* Parses "4.14", "6.1.0-27-amd64", "5.10.255" (patch clamped). 0, or -EINVAL: no "MAJOR.MINOR" at its start. */
int kver_parse(const char *text, uint32_t *code);

/* The running kernel's exact LINUX_VERSION_CODE, from the ELF note "Linux" of its vDSO: below 5.0 a kprobe program
 * must name it to the digit, and uname -r does not carry it on Debian and Ubuntu. 0, or -ENOENT (no vDSO or no note:
 * fall back to kver_parse of uname). */
int kver_running(uint32_t *code);

/* The same out of any ELF image in memory (for tests and fuzzing; every offset is checked). */
int kver_from_vdso(const void *image, uint64_t size, uint32_t *code);

#endif
