/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/build_headers.c src/base/buf.c src/base/log.c src/base/patient.c src/base/clock.c */
/* What is said when no headers are found: kheaders/ is played by this file. */
#include "source/build_int.h"
#include "stderr.h"
#include "tap.h"

static const char *remedy_root;
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

static void report(const char *explicit_dir, const struct kheaders *kh)
{
	const struct kheaders_opts look = {
		.root = {"/root/prefix"}, .release = "6.1.0-27-amd64", .explicit_dir = explicit_dir};
	struct caught c;

	catch_begin(&c, stderr);
	build_headers_report(&look, kh);
	catch_end(&c, words, sizeof(words));
}

int main(void)
{
	const struct kheaders none = {
		.findings = {
			[KHEADERS_EXPLICIT] = {.why = "not given"},
			[KHEADERS_INSTALLED] = {.tried = true, .why = "not there"},
			[KHEADERS_BTF] = {.tried = true, .why = "no /sys/kernel/btf/vmlinux"},
		}};
	const struct kheaders unusable = {
		.findings = {[KHEADERS_EXPLICIT] = {.tried = true, .why = "/my/tree is not a directory"}}};

	report(NULL, &none);
	tap_is_str(words,
		"pidtap: no headers for kernel 6.1.0-27-amd64: apt-get install x-6.1.0-27-amd64; or name a "
		"tree by --kernel-headers, or use a bundle made elsewhere for this kernel (--bundle)\n"
		"    installed headers: not there\n"
		"    BTF: no /sys/kernel/btf/vmlinux\n",
		"one line with the remedy, and what each way lacked");
	tap_is_str(remedy_root, "/root/prefix", "the remedy is that of the captured machine");
	report("/my/tree", &unusable);
	tap_is_str(words, "pidtap: --kernel-headers: /my/tree is not a directory\n",
		"a directory that was named is said once");
	return tap_done();
}
