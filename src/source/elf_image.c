/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/elf_image_int.h"

#include <archive.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define FILE_MAX_BYTES (1ULL << 30)	  /* the largest of statically linked programs */
#define DEBUGDATA_MAX_BYTES (256U << 20) /* unpacked */

static int wrap(struct elf_image *img)
{
	GElf_Ehdr ehdr;

	elf_version(EV_CURRENT);
	img->elf = elf_memory((char *)img->data, img->len);
	if (!img->elf || elf_kind(img->elf) != ELF_K_ELF || !gelf_getehdr(img->elf, &ehdr) ||
		ehdr.e_ident[EI_CLASS] != ELFCLASS64 || ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return -ENOEXEC;
	return 0;
}

int elf_image_open(int fd, struct elf_image **out)
{
	struct elf_image *img;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(Elf64_Ehdr) || (uint64_t)st.st_size > FILE_MAX_BYTES)
		return -ENOEXEC;
	img = calloc(1, sizeof(*img));
	if (!img)
		return -ENOMEM;
	img->len = (size_t)st.st_size;
	/* private and writable: libelf may convert in place */
	img->data = mmap(NULL, img->len, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (img->data == MAP_FAILED) {
		err = -errno;
		free(img);
		return err;
	}
	img->mapped = true;
	err = wrap(img);
	if (err) {
		elf_image_close(img);
		return err;
	}
	*out = img;
	return 0;
}

void elf_image_close(struct elf_image *img)
{
	if (!img)
		return;
	elf_end(img->elf);
	if (img->mapped)
		munmap(img->data, img->len);
	else
		free(img->data);
	free(img);
}

uint16_t elf_image_machine(const struct elf_image *img)
{
	GElf_Ehdr ehdr;

	return gelf_getehdr(img->elf, &ehdr) ? ehdr.e_machine : EM_NONE;
}

/* ---- symbols ---- */

static uint64_t symbol_in(Elf *elf, Elf_Scn *scn, const GElf_Shdr *shdr, const char *name)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t cnt = data && shdr->sh_entsize ? data->d_size / shdr->sh_entsize : 0;

	for (size_t i = 0; i < cnt && i <= INT_MAX; i++) {
		GElf_Sym sym;
		const char *found;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || !sym.st_value)
			continue;
		if (GELF_ST_TYPE(sym.st_info) != STT_FUNC && GELF_ST_TYPE(sym.st_info) != STT_GNU_IFUNC)
			continue;
		found = elf_strptr(elf, shdr->sh_link, sym.st_name);
		if (found && !strcmp(found, name))
			return sym.st_value;
	}
	return 0;
}

static uint64_t symbol_of_type(const struct elf_image *img, uint32_t type, const char *name)
{
	Elf_Scn *scn = NULL;
	uint64_t addr = 0;

	while (!addr && (scn = elf_nextscn(img->elf, scn))) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == type)
			addr = symbol_in(img->elf, scn, &shdr, name);
	}
	return addr;
}

uint64_t elf_image_symbol(const struct elf_image *img, const char *name)
{
	uint64_t addr = symbol_of_type(img, SHT_DYNSYM, name);

	return addr ? addr : symbol_of_type(img, SHT_SYMTAB, name);
}

/* ---- segments ---- */

/* The i-th PT_LOAD segment with these flags and without those; len 0: no more. */
static struct elf_span segment(const struct elf_image *img, size_t i, uint32_t with, uint32_t without)
{
	struct elf_span none = {0};
	size_t cnt = 0;

	if (elf_getphdrnum(img->elf, &cnt))
		return none;
	for (size_t n = 0; n < cnt && n <= INT_MAX; n++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(img->elf, (int)n, &ph) || ph.p_type != PT_LOAD || (ph.p_flags & with) != with ||
			ph.p_flags & without)
			continue;
		if (ph.p_offset > img->len || ph.p_filesz > img->len - ph.p_offset || !ph.p_filesz)
			continue;
		if (!i--)
			return (struct elf_span){img->data + ph.p_offset, ph.p_vaddr, (size_t)ph.p_filesz};
	}
	return none;
}

struct elf_span elf_image_text(const struct elf_image *img, size_t i)
{
	return segment(img, i, PF_X, 0);
}

struct elf_span elf_image_at(const struct elf_image *img, uint64_t addr)
{
	struct elf_span s;

	for (size_t i = 0; (s = segment(img, i, 0, 0)).len; i++)
		if (addr >= s.addr && addr - s.addr < s.len)
			return (struct elf_span){s.data + (addr - s.addr), addr, s.len - (size_t)(addr - s.addr)};
	return s;
}

int elf_image_offset(const struct elf_image *img, uint64_t addr, uint64_t *offset)
{
	struct elf_span at = elf_image_at(img, addr);

	if (!at.len)
		return -ENOENT;
	*offset = (uint64_t)(at.data - img->data);
	return 0;
}

uint64_t elf_image_string(const struct elf_image *img, const char *text, size_t i)
{
	size_t len = strlen(text) + 1;
	struct elf_span s;

	for (size_t n = 0; (s = segment(img, n, PF_R, PF_W)).len; n++) {
		const uint8_t *at = s.data, *end = s.data + s.len;

		for (; (at = memmem(at, (size_t)(end - at), text, len)); at++)
			if ((at == s.data || !at[-1]) && !i--)
				return s.addr + (uint64_t)(at - s.data);
	}
	return 0;
}

/* ---- symbols that were stripped ---- */

static Elf_Scn *section(const struct elf_image *img, const char *name)
{
	size_t strings;
	Elf_Scn *scn = NULL;

	if (elf_getshdrstrndx(img->elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(img->elf, scn))) {
		GElf_Shdr shdr;
		const char *found = gelf_getshdr(scn, &shdr) ? elf_strptr(img->elf, strings, shdr.sh_name) : NULL;

		if (found && !strcmp(found, name))
			return scn;
	}
	return NULL;
}

static Elf_Data *section_data(const struct elf_image *img, const char *name)
{
	Elf_Scn *scn = section(img, name);

	return scn ? elf_rawdata(scn, NULL) : NULL;
}

/* Unpacks xz in memory. 0 or negative errno. */
static int unpack(const void *packed, size_t packed_len, uint8_t **out, size_t *out_len)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	size_t cap = 1U << 20, len = 0;
	uint8_t *data = malloc(cap);
	int err = -EBADMSG;

	if (!a || !data) {
		err = -ENOMEM;
		goto out;
	}
	archive_read_support_filter_xz(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, packed, packed_len) || archive_read_next_header(a, &entry))
		goto out;
	for (;;) {
		la_ssize_t n = archive_read_data(a, data + len, cap - len);
		uint8_t *grown;

		if (n < 0)
			goto out;
		len += (size_t)n;
		if (!n)
			break;
		if (len < cap)
			continue;
		grown = cap < DEBUGDATA_MAX_BYTES ? realloc(data, cap *= 2) : NULL;
		if (!grown) {
			err = -ENOMEM;
			goto out;
		}
		data = grown;
	}
	*out = data;
	*out_len = len;
	data = NULL;
	err = 0;
out:
	free(data);
	archive_read_free(a);
	return err;
}

static int open_debugdata(const struct elf_image *img, struct elf_image **out)
{
	Elf_Data *packed = section_data(img, ".gnu_debugdata");
	struct elf_image *debug;
	int err;

	if (!packed || !packed->d_buf)
		return -ENOENT;
	debug = calloc(1, sizeof(*debug));
	if (!debug)
		return -ENOMEM;
	err = unpack(packed->d_buf, packed->d_size, &debug->data, &debug->len);
	if (!err)
		err = wrap(debug);
	if (err) {
		elf_image_close(debug);
		return err;
	}
	*out = debug;
	return 0;
}

static int open_path(const char *path, struct elf_image **out)
{
	int err, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	err = elf_image_open(fd, out);
	close(fd);
	return err;
}

/* The note: three words (name's and description's length, type), "GNU", the id. */
static const uint8_t *build_id(const struct elf_image *img, size_t *len)
{
	Elf_Data *note = section_data(img, ".note.gnu.build-id");
	uint32_t words[3];

	if (!note || !note->d_buf || note->d_size < 16)
		return NULL;
	memcpy(words, note->d_buf, sizeof(words));
	if (words[0] != 4 || words[1] < 2 || words[1] > note->d_size - 16)
		return NULL;
	*len = words[1];
	return (const uint8_t *)note->d_buf + 16;
}

static int open_by_build_id(const struct elf_image *img, const struct sysroot *root, struct elf_image **out)
{
	char path[PATH_MAX], hex[2 * 64 + 1];
	size_t len = 0;
	const uint8_t *id = build_id(img, &len);

	if (!id || len > 64)
		return -ENOENT;
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	if (sysroot_path(root, path, sizeof(path), "/usr/lib/debug/.build-id/%.2s/%s.debug", hex, hex + 2))
		return -ENAMETOOLONG;
	return open_path(path, out);
}

/* .gnu_debuglink: a file name, padded to four bytes, and the CRC-32 of that file. */
static const char *debuglink(const struct elf_image *img, uint32_t *crc)
{
	Elf_Data *link = section_data(img, ".gnu_debuglink");
	size_t len;

	if (!link || !link->d_buf || link->d_size < 8)
		return NULL;
	len = strnlen(link->d_buf, link->d_size - 4);
	if (!len || len == link->d_size - 4 || strchr(link->d_buf, '/'))
		return NULL;
	memcpy(crc, (const uint8_t *)link->d_buf + link->d_size - 4, 4);
	return link->d_buf;
}

static int open_by_link(const struct elf_image *img, const struct sysroot *root, const char *dir, struct elf_image **out)
{
	static const char *const forms[] = {"%s/%s", "%s/.debug/%s", "/usr/lib/debug%s/%s"};
	uint32_t crc = 0;
	const char *name = debuglink(img, &crc);
	char path[PATH_MAX], full[PATH_MAX];

	for (size_t i = 0; name && i < sizeof(forms) / sizeof(*forms); i++) {
		struct elf_image *debug;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		if ((size_t)snprintf(path, sizeof(path), forms[i], dir, name) >= sizeof(path))
			continue;
#pragma GCC diagnostic pop
		if (sysroot_path(root, full, sizeof(full), "%s", path) || open_path(full, &debug))
			continue;
		if (crc32_z(crc32_z(0, NULL, 0), debug->data, debug->len) == crc) {
			*out = debug;
			return 0;
		}
		elf_image_close(debug);
	}
	return -ENOENT;
}

int elf_image_debug(const struct elf_image *img, const struct sysroot *root, const char *dir, struct elf_image **out,
	enum elf_debug *from)
{
	if (!open_debugdata(img, out))
		*from = ELF_DEBUG_DATA;
	else if (!open_by_build_id(img, root, out))
		*from = ELF_DEBUG_BUILD_ID;
	else if (!open_by_link(img, root, dir, out))
		*from = ELF_DEBUG_LINK;
	else
		return -ENOENT;
	return 0;
}
