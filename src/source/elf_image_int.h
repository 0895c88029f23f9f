/* SPDX-License-Identifier: BSD-2-Clause */
/* What an ELF file to look into is made of. */
#ifndef PIDTAP_SOURCE_ELF_IMAGE_INT_H
#define PIDTAP_SOURCE_ELF_IMAGE_INT_H

#include <gelf.h>
#include <stdbool.h>

#include "source/elf_image.h"

struct elf_image {
	uint8_t *data;
	size_t len;
	bool mapped; /* else allocated */
	Elf *elf;
};

#endif
