/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/build_headers.c src/base/buf.c src/base/log.c */
/* What is said when no headers are found: kheaders/ is played by this file. */
#include "source/build_int.h"
#include "tap.h"

#include <errno.h>
#include <unistd.h>

static int answer;
static const char *remedy_root;
static struct kheaders_opts asked;
static char words[4096];

const char *kheaders_kind_name(enum kheaders_kind kind)
{
	return kind == KHEADERS_INSTALLED ? "installed headers" : kind == KHEADERS_BTF ? "BTF" : "?";
}

void kheaders_remedy(const struct sysroot *root, const char *release, char *out, size_t size)
{
	remedy_root = root->prefix;
	snprintf(out, size, "apt-get install x-%s", release);
}

int kheaders_resolve(const struct kheaders_opts *opts, struct kheaders *out)
{
	asked = *opts;
	memset(out, 0, sizeof(*out));
	for (int i = 0; answer && i < KHEADERS_KIND_CNT; i++) {
		out->findings[i].tried = i == KHEADERS_INSTALLED || i == KHEADERS_BTF;
		strcpy(out->findings[i].why, i == KHEADERS_BTF ? "no /sys/kernel/btf/vmlinux" : "not there");
	}
	strcpy(out->findings[KHEADERS_EXPLICIT].why, "not a header tree");
	return answer;
}

static int resolve(const char *explicit_dir)
{
	const struct build_opts opts = {
		.root = {"/root/prefix"}, .kernel_headers = explicit_dir, .allow_mismatch = true};
	int saved = dup(STDERR_FILENO), err;
	struct kheaders kh;
	FILE *f = tmpfile();
	size_t n;

	dup2(fileno(f), STDERR_FILENO);
	err = build_headers(&opts, "6.1.0-27-amd64", "/trees", true, &kh);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	n = fread(words, 1, sizeof(words) - 1, f);
	words[n] = 0;
	fclose(f);
	return err;
}

int main(void)
{
	answer = -ENOENT;
	tap_is_int(resolve(NULL), -ENOENT, "no headers by any way");
	tap_is_str(words,
		"pidtap: no headers for kernel 6.1.0-27-amd64: apt-get install x-6.1.0-27-amd64; or name a "
		"tree by "
		"--kernel-headers, or use a bundle made elsewhere for this kernel (--bundle)\n"
		"    installed headers: not there\n"
		"    BTF: no /sys/kernel/btf/vmlinux\n",
		"one line with the remedy, and what each way lacked");
	tap_is_str(remedy_root, "/root/prefix", "the remedy is that of the captured machine");
	answer = -EINVAL;
	tap_is_int(resolve("/my/tree"), -EINVAL, "an unusable explicit tree");
	tap_is_str(words, "pidtap: --kernel-headers /my/tree: not a header tree\n", "is named");
	answer = -ENOSPC;
	tap_is_int(resolve(NULL), -ENOSPC, "a tree that could not be made");
	tap_ok(strstr(words, "    BTF: no /sys/kernel/btf/vmlinux\n"), "comes with what each way lacked");
	answer = 0;
	tap_is_int(resolve("/my/tree"), 0, "found");
	tap_is_str(words, "", "without a word");
	tap_ok(asked.dry_run && asked.allow_mismatch, "options are handed on");
	tap_is_str(asked.cache_dir, "/trees", "where trees go");
	tap_is_str(asked.explicit_dir, "/my/tree", "the explicit directory");
	return tap_done();
}
