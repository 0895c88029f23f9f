/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat/kver.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#define PART_MAX 255 /* what LINUX_VERSION_CODE has room for */

/* arch/x86/entry/vdso/vdso-note.S and its like: name "Linux", type 0, one 32-bit word */
#define NOTE_VERSION 0

/* Reads digits; what does not fit is clamped, as the kernel's Makefile does with the patch level. */
static bool take_number(const char **at, uint32_t *out)
{
	uint32_t v = 0;

	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++)
		if (v <= PART_MAX)
			v = v * 10 + (uint32_t)(**at - '0');
	*out = v;
	return true;
}

int kver_parse(const char *text, uint32_t *code)
{
	uint32_t major, minor, patch = 0;

	if (!take_number(&text, &major) || *text++ != '.' || !take_number(&text, &minor))
		return -EINVAL;
	if (major > PART_MAX || minor > PART_MAX)
		return -EINVAL;
	if (*text == '.') {
		text++;
		take_number(&text, &patch);
	}
	*code = KVER(major, minor, patch > PART_MAX ? PART_MAX : patch);
	return 0;
}

/* Images come from the kernel, but also from files and fuzzers: no offset is believed, nothing is assumed
 * aligned. */
static bool copy_at(const void *image, uint64_t size, uint64_t off, void *to, uint64_t len)
{
	if (off > size || len > size - off)
		return false;
	memcpy(to, (const char *)image + off, len);
	return true;
}

static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~3ULL;
}

static bool is_version_note(const void *image, uint64_t size, const ElfW(Nhdr) *note, uint64_t name_off)
{
	char name[sizeof("Linux")];

	return note->n_type == NOTE_VERSION && note->n_namesz == sizeof(name) &&
	       note->n_descsz == sizeof(uint32_t) && copy_at(image, size, name_off, name, sizeof(name)) &&
	       !memcmp(name, "Linux", sizeof(name));
}

static int find_in_notes(const void *image, uint64_t size, uint64_t off, uint64_t len, uint32_t *code)
{
	uint64_t end = off > size || len > size - off ? size : off + len;
	ElfW(Nhdr) note;

	while (copy_at(image, end, off, &note, sizeof(note))) {
		uint64_t name_off = off + sizeof(note);
		uint64_t desc_off = name_off + align4(note.n_namesz);

		if (is_version_note(image, end, &note, name_off))
			return copy_at(image, end, desc_off, code, sizeof(*code)) ? 0 : -ENOENT;
		off = desc_off + align4(note.n_descsz);
	}
	return -ENOENT;
}

static bool read_header(const void *image, uint64_t size, ElfW(Ehdr) *eh)
{
	const unsigned char class = sizeof(ElfW(Addr)) == 8 ? ELFCLASS64 : ELFCLASS32;

	return copy_at(image, size, 0, eh, sizeof(*eh)) && !memcmp(eh->e_ident, ELFMAG, SELFMAG) &&
	       eh->e_ident[EI_CLASS] == class && eh->e_phentsize == sizeof(ElfW(Phdr));
}

static bool read_segment(
	const void *image, uint64_t size, const ElfW(Ehdr) *eh, unsigned int i, ElfW(Phdr) *ph)
{
	if (eh->e_phoff > size)
		return false;
	return copy_at(image, size, eh->e_phoff + (uint64_t)i * sizeof(*ph), ph, sizeof(*ph));
}

int kver_from_vdso(const void *image, uint64_t size, uint32_t *code)
{
	ElfW(Ehdr) eh;
	ElfW(Phdr) ph;

	if (!read_header(image, size, &eh))
		return -ENOENT;
	for (unsigned int i = 0; i < eh.e_phnum && read_segment(image, size, &eh, i, &ph); i++)
		if (ph.p_type == PT_NOTE && !find_in_notes(image, size, ph.p_offset, ph.p_filesz, code))
			return 0;
	return -ENOENT;
}

/* The auxiliary vector gives the vDSO's address only: its length is where its last loaded segment ends. */
static uint64_t vdso_size(const ElfW(Ehdr) *eh)
{
	uint64_t headers = eh->e_phoff + (uint64_t)eh->e_phnum * sizeof(ElfW(Phdr)), size = headers;
	ElfW(Phdr) ph;

	for (unsigned int i = 0; i < eh->e_phnum && read_segment(eh, headers, eh, i, &ph); i++)
		if (ph.p_type == PT_LOAD && ph.p_offset + ph.p_filesz > size)
			size = ph.p_offset + ph.p_filesz;
	return size;
}

int kver_running(uint32_t *code)
{
	const ElfW(Ehdr) *vdso = (const void *)getauxval(AT_SYSINFO_EHDR);

	return vdso ? kver_from_vdso(vdso, vdso_size(vdso), code) : -ENOENT;
}
