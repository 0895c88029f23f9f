/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/build_int.h"
#include "base/buf.h"

#include <link.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define NOTES_PATH "/sys/kernel/notes"
#define NOTES_MAX (1u << 20) /* a few hundred bytes so far */

static void hash_buf(struct buf *b, char hex[SHA256_DIGEST_STRING_LENGTH])
{
	/* Out of memory leaves "": it matches nothing that was ever kept. */
	if (!buf_error(b))
		SHA256Data(b->data, b->len, hex);
	buf_free(b);
}

void build_key_machine(const struct sysroot *root, struct bundle_key *key)
{
	struct utsname uts;
	char *notes;
	size_t len;

	if (!uname(&uts)) {
		snprintf(key->release, sizeof(key->release), "%s", uts.release);
		snprintf(key->version, sizeof(key->version), "%s", uts.version);
	}
	if (!sysroot_read(root, NOTES_PATH, NOTES_MAX, &notes, &len)) {
		SHA256Data((const uint8_t *)notes, len, key->notes);
		free(notes);
	}
	SHA256Data((const uint8_t *)build_bpf_text, build_bpf_text_len, key->text);
}

void build_key_flags(char *const *flags, struct bundle_key *key)
{
	struct buf all = BUF_INIT;

	for (; *flags; flags++)
		buf_put(&all, *flags, strlen(*flags) + 1);
	hash_buf(&all, key->flags);
}

/* A file is what it was while these are what they were; a package manager changes inode and times. */
static void put_file(struct buf *to, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		buf_printf(to, "%s absent\n", path);
		return;
	}
	buf_printf(to, "%s %llu %llu %lld %lld.%09ld\n", path, (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		st.st_mtim.tv_nsec);
}

/* We have libbcc_bpf.so loaded already. libbcc.so is of the same build and is installed beside it, so the
 * loader's search, which found the one for us, finds the other for pidtap-cc. */
static int put_libbcc(struct dl_phdr_info *info, size_t size, void *to)
{
	static const char ours[] = "/libbcc_bpf.so";
	const char *base = strstr(info->dlpi_name, ours);
	char path[PATH_MAX];

	(void)size;
	if (!base)
		return 0;
	snprintf(path, sizeof(path), "%.*s/libbcc.so%s", (int)(base - info->dlpi_name), info->dlpi_name,
		base + strlen(ours));
	put_file(to, path);
	return 1;
}

void build_key_compiler(const char *path, struct bundle_key *key)
{
	struct buf all = BUF_INIT;

	buf_puts(&all, PIDTAP_VERSION "\n");
	put_file(&all, path);
	dl_iterate_phdr(put_libbcc, &all);
	hash_buf(&all, key->compiler);
}
