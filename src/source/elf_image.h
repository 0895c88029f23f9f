/* SPDX-License-Identifier: BSD-2-Clause */
/* An ELF file to look into: its symbols, its bytes by address, and where in the file an address is (what a uprobe needs). The file
 * is another program's, and may be hostile: nothing of it is run, every offset is checked (libelf, and here).
 *
 * Addresses are the file's own (as in its symbol tables), not those of a process. Single-threaded.
 */
#ifndef PIDTAP_SOURCE_ELF_IMAGE_H
#define PIDTAP_SOURCE_ELF_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/sysroot.h"

struct elf_image;

/* Bytes of a segment that are in the file. */
struct elf_span {
	const uint8_t *data; /* borrowed from the image */
	uint64_t addr;
	size_t len;
};

/* Maps the whole file; does not take fd. 0: *out. -ENOEXEC: no 64-bit little-endian ELF file; negative errno. */
int elf_image_open(int fd, struct elf_image **out);
void elf_image_close(struct elf_image *img);

/* e_machine: EM_X86_64, EM_AARCH64 ... */
uint16_t elf_image_machine(const struct elf_image *img);

/* Address of a defined function, in .dynsym, then .symtab; of several versions of a name the first. 0: none. */
uint64_t elf_image_symbol(const struct elf_image *img, const char *name);

/* Address of the pointer through which a function of another file is called (the GOT's slot); 0: it imports none of that name. */
uint64_t elf_image_import(const struct elf_image *img, const char *name);

/* The sections of stubs that jump through such pointers (.plt, .plt.sec ...), one by one: i = 0, 1, ... len 0: no more. */
struct elf_span elf_image_stubs(const struct elf_image *img, size_t i);

/* What is at `addr`, to the end of its segment. len 0: nothing that is in the file. */
struct elf_span elf_image_at(const struct elf_image *img, uint64_t addr);

/* Where in the file it is. 0, or -ENOENT. */
int elf_image_offset(const struct elf_image *img, uint64_t addr, uint64_t *offset);

/* The executable segments, one by one: i = 0, 1, ... len 0: no more. */
struct elf_span elf_image_text(const struct elf_image *img, size_t i);

/* Address of a NUL-terminated string that is exactly this, in a segment that is not writable; as i-th of several. 0: none. */
uint64_t elf_image_string(const struct elf_image *img, const char *text, size_t i);

/* The symbols that were stripped from it: of .gnu_debugdata (xz in the file itself), or of a file by build id or .gnu_debuglink,
 * where gdb looks for them (gdb's manual, "Debugging Information in Separate Files"); `dir` is the folder the image is from, in
 * `root`. Addresses are the same. 0: *out, closed by the caller, and *from says which; -ENOENT: none to be had. */
enum elf_debug { ELF_DEBUG_DATA, ELF_DEBUG_BUILD_ID, ELF_DEBUG_LINK };
int elf_image_debug(const struct elf_image *img, const struct sysroot *root, const char *dir, struct elf_image **out,
	enum elf_debug *from);

#endif
