/* SPDX-License-Identifier: BSD-2-Clause */
/* links: compat/kver.c */
#include "tap.h"
#include "compat/kver.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/utsname.h>

#define UNTOUCHED 0xdeadu

static void parses(const char *text, uint32_t want)
{
	uint32_t code = UNTOUCHED;

	tap_is_int(kver_parse(text, &code), 0, "'%s' is a version", text);
	tap_is_int(code, want, "'%s' is %u.%u.%u", text, want >> 16, want >> 8 & 255, want & 255);
}

static void refuses(const char *text)
{
	uint32_t code = UNTOUCHED;

	tap_is_int(kver_parse(text, &code), -EINVAL, "'%s' is no version", text);
	tap_is_int(code, UNTOUCHED, "'%s' leaves the result alone", text);
}

static void test_parse(void)
{
	parses("4.14", KVER(4, 14, 0));
	parses("6.1.0-27-amd64", KVER(6, 1, 0));
	parses("4.19.316", KVER(4, 19, 255));
	parses("4.9.337", KVER(4, 9, 255));
	parses("5.10.255", KVER(5, 10, 255));
	parses("5.10.99999999999999999999", KVER(5, 10, 255));
	parses("6.18.44-fc-v669", KVER(6, 18, 44));
	parses("7.0-rc3+", KVER(7, 0, 0));
	parses("5.4.", KVER(5, 4, 0));
	refuses("");
	refuses("6");
	refuses("6.");
	refuses(".6");
	refuses("v6.1");
	refuses(" 6.1");
	refuses("-6.1");
	refuses("256.1");
	refuses("6.4294967297");
}

/* An image like a vDSO's: header, one PT_NOTE, in it a note that must be skipped and the one that counts. */
struct note {
	ElfW(Nhdr) head;
	char name[8];
	uint32_t desc;
};

struct image {
	ElfW(Ehdr) eh;
	ElfW(Phdr) ph[2];
	struct note salt, version;
};

static struct note make_note(uint32_t type, uint32_t desc)
{
	struct note n = {
		.head = {.n_namesz = 6, .n_descsz = 4, .n_type = type}, .name = "Linux", .desc = desc};

	return n;
}

static struct image good_image(void)
{
	struct image im;

	memset(&im, 0, sizeof(im));
	memcpy(im.eh.e_ident, ELFMAG, SELFMAG);
	im.eh.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	im.eh.e_phoff = offsetof(struct image, ph);
	im.eh.e_phentsize = sizeof(ElfW(Phdr));
	im.eh.e_phnum = 2;
	im.ph[0].p_type = PT_LOAD;
	im.ph[1].p_type = PT_NOTE;
	im.ph[1].p_offset = offsetof(struct image, salt);
	im.ph[1].p_filesz = sizeof(struct note) * 2;
	im.salt = make_note(0x100, KVER(9, 9, 9)); /* LINUX_ELFNOTE_BUILD_SALT: the same name, another type */
	im.version = make_note(0, KVER(4, 19, 255));
	return im;
}

/* In a block of exactly `size` bytes, so that the sanitizer sees a read beyond it. */
static int from_copy(const struct image *im, size_t size, uint32_t *code)
{
	void *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, im, size);
	err = kver_from_vdso(copy, size, code);
	free(copy);
	return err;
}

static void breaks(struct image im, const char *what)
{
	uint32_t code = UNTOUCHED;

	tap_is_int(from_copy(&im, sizeof(im), &code), -ENOENT, "%s: not found", what);
	tap_is_int(code, UNTOUCHED, "%s: the result is left alone", what);
}

static void test_good_image(void)
{
	struct image im = good_image();
	uint32_t code = 0;

	tap_is_int(from_copy(&im, sizeof(im), &code), 0, "the note is found");
	tap_is_int(code, KVER(4, 19, 255), "the one of type 0, not the build salt");
}

static void test_broken_images(void)
{
	struct image im = good_image();

	im.eh.e_ident[0] = 0;
	breaks(im, "no ELF magic");
	im = good_image();
	im.eh.e_ident[EI_CLASS] = ELFCLASSNONE;
	breaks(im, "foreign class");
	im = good_image();
	im.eh.e_phoff = (ElfW(Off)) - 8;
	breaks(im, "program headers outside");
	im = good_image();
	im.eh.e_phentsize = 1;
	breaks(im, "program headers of another size");
	im = good_image();
	im.ph[1].p_offset = (ElfW(Off)) - 1;
	breaks(im, "notes outside");
	im = good_image();
	im.salt.head.n_namesz = UINT32_MAX;
	breaks(im, "a name longer than the image");
	im = good_image();
	im.salt.head.n_descsz = UINT32_MAX - 1;
	breaks(im, "a description longer than the image");
	im = good_image();
	im.version.head.n_descsz = 8;
	breaks(im, "a version of eight bytes");
	im = good_image();
	im.version.name[0] = 'X';
	breaks(im, "another's note");
	im = good_image();
	im.ph[1].p_filesz -= sizeof(uint32_t);
	breaks(im, "a version cut off by the segment's end");
}

static void test_every_length(void)
{
	struct image im = good_image();
	uint32_t code = 0;
	size_t found = 0;

	for (size_t size = 0; size < sizeof(im); size++)
		found += !from_copy(&im, size, &code);
	tap_is_int(found, 0, "no truncated image yields a version");
}

static void test_running(void)
{
	uint32_t code = 0, uname_code = 0;
	struct utsname uts;

	tap_is_int(uname(&uts), 0, "uname");
	tap_is_int(kver_parse(uts.release, &uname_code), 0, "uname -r is a version: %s", uts.release);
	tap_is_int(kver_running(&code), 0, "the vDSO names the running kernel: %u.%u.%u", code >> 16,
		code >> 8 & 255, code & 255);
	tap_is_int(code >> 8, uname_code >> 8, "major and minor are uname's");
}

int main(void)
{
	test_parse();
	test_good_image();
	test_broken_images();
	test_every_length();
	test_running();
	return tap_done();
}
