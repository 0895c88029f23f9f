/* SPDX-License-Identifier: BSD-2-Clause */
/* How an ELF file calls functions of others. */
#include "source/elf_image_int.h"

#include <elf.h>
#include <limits.h>
#include <string.h>

/* The relocation of a symbol's slot: lazily bound, or at once where nobody takes the function's address but to call it. */
static bool is_slot(uint32_t type)
{
	return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT;
}

static uint64_t slot_in(const struct elf_image *img, Elf_Scn *scn, const GElf_Shdr *shdr, const char *name)
{
	Elf_Scn *symbols = elf_getscn(img->elf, shdr->sh_link);
	Elf_Data *data = elf_getdata(scn, NULL), *syms = symbols ? elf_getdata(symbols, NULL) : NULL;
	size_t cnt = data && shdr->sh_entsize ? data->d_size / shdr->sh_entsize : 0;
	GElf_Shdr sym_shdr;

	if (!syms || !gelf_getshdr(symbols, &sym_shdr))
		return 0;
	for (size_t i = 0; i < cnt && i <= INT_MAX; i++) {
		const char *found;
		GElf_Rela rela;
		GElf_Sym sym;

		if (!gelf_getrela(data, (int)i, &rela) || !is_slot((uint32_t)GELF_R_TYPE(rela.r_info)) ||
			GELF_R_SYM(rela.r_info) > INT_MAX || !gelf_getsym(syms, (int)GELF_R_SYM(rela.r_info), &sym))
			continue;
		found = elf_strptr(img->elf, sym_shdr.sh_link, sym.st_name);
		if (found && !strcmp(found, name))
			return rela.r_offset;
	}
	return 0;
}

uint64_t elf_image_import(const struct elf_image *img, const char *name)
{
	Elf_Scn *scn = NULL;
	uint64_t addr = 0;

	while (!addr && (scn = elf_nextscn(img->elf, scn))) {
		GElf_Shdr shdr;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_RELA)
			addr = slot_in(img, scn, &shdr, name);
	}
	return addr;
}

struct elf_span elf_image_stubs(const struct elf_image *img, size_t i)
{
	struct elf_span none = {0};
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(img->elf, &strings))
		return none;
	while ((scn = elf_nextscn(img->elf, scn))) {
		GElf_Shdr shdr;
		const char *name = gelf_getshdr(scn, &shdr) ? elf_strptr(img->elf, strings, shdr.sh_name) : NULL;
		struct elf_span at;

		if (!name || strncmp(name, ".plt", 4) || shdr.sh_type != SHT_PROGBITS || i--)
			continue;
		at = elf_image_at(img, shdr.sh_addr);
		at.len = at.len < shdr.sh_size ? at.len : (size_t)shdr.sh_size;
		return at;
	}
	return none;
}
