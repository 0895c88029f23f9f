/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF to C: the types the BPF text looks into, by libbpf's btf_dump, and what is mended in its output. */
#include "kheaders/kheaders_int.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The structures the text looks into. Those they hold come along; those they only point to are declared, and
 * have to be named here to be looked into as well. IPv6's may be in a module, so they may be missing. */
static const struct {
	const char *name;
	bool needed;
	const char *config; /* the option without which no kernel has it, where the text asks for that; or NULL */
} roots[] = {
	{"sock", true},
	{"inet_sock", true},
	{"tcp_sock", false},
	{"udp_sock", false},
	{"raw_sock", false},
	{"ipv6_pinfo", false},
	{"proto", false},
	{"socket", true},
	{"file", true},
	{"inode", true},
	{"files_struct", true},
	{"fdtable", true},
	{"task_struct", true},
	{"signal_struct", false},
	{"mm_struct", false},
	{"css_set", false, "CONFIG_CGROUPS"},
	{"cgroup", false},
	{"kernfs_node", false},
	{"pid", false},
	{"cred", true},
	{"nsproxy", true},
	{"net", true},
	{"sk_buff", true},
	{"msghdr", true},
	{"iov_iter", false},
	{"sockaddr", false},
	{"sockaddr_in", true},
	{"sockaddr_in6", false},
	{"pt_regs", true},
	{"ethhdr", false},
	{"vlan_hdr", false},
	{"iphdr", false},
	{"ipv6hdr", false},
	{"ipv6_opt_hdr", false},
	{"frag_hdr", false},
	{"tcphdr", false},
	{"udphdr", false},
	{"icmphdr", false},
	{"icmp6hdr", false},
};
#define ROOT_CNT (sizeof(roots) / sizeof(roots[0]))

static void collect(void *ctx, const char *fmt, va_list ap)
{
	struct buf *text = ctx;
	char *piece;

	if (vasprintf(&piece, fmt, ap) < 0) {
		text->error = -ENOMEM;
		return;
	}
	buf_puts(text, piece);
	free(piece);
}

/* libbpf 0.6 changed the arguments and is the first to say its version. Debian 11 has 0.3; when it is no
 * longer built for, this goes. */
static struct btf_dump *new_dump(const struct btf *btf, struct buf *text)
{
#ifdef LIBBPF_MAJOR_VERSION
	return btf_dump__new(btf, collect, text, NULL);
#else
	struct btf_dump_opts opts = {.ctx = text};

	return btf_dump__new(btf, NULL, &opts, collect);
#endif
}

static int dump_root(
	const struct btf *btf, struct btf_dump *dump, size_t i, struct buf *text, struct kheaders_finding *f)
{
	const char *name = roots[i].name;
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT), err;

	if (id < 0)
		return roots[i].needed ? kh_why(f, -ENOENT, KH_BTF_PATH " has no struct %s", name) : 0;
	err = btf_dump__dump_type(dump, (__u32)id);
	if (err)
		return kh_why(
			f, err, KH_BTF_PATH ": libbpf cannot write struct %s as C: %s", name, strerror(-err));
	/* A layout that C cannot express must not become wrong answers. */
	buf_printf(text,
		"_Static_assert(sizeof(struct %s) == %u, \"struct %s is laid out as in the kernel\");\n\n",
		name, btf__type_by_id(btf, (__u32)id)->size, name);
	if (roots[i].config)
		buf_printf(text, "#define %s 1\n\n", roots[i].config);
	return 0;
}

static int dump_roots(const struct btf *btf, struct buf *text, struct kheaders_finding *f)
{
	struct btf_dump *dump = new_dump(btf, text);
	int err = (int)libbpf_get_error(dump);

	if (err)
		return kh_why(f, err, KH_BTF_PATH ": libbpf cannot write it as C: %s", strerror(-err));
	for (size_t i = 0; i < ROOT_CNT && !err; i++)
		err = dump_root(btf, dump, i, text, f);
	btf_dump__free(dump);
	if (!err && buf_error(text))
		err = kh_why(f, buf_error(text), "out of memory");
	return err;
}

/* The type of the padding that one line of a dump is, if it fills a whole one: "long: 64;". */
static const char *whole_padding(const char *line, size_t len)
{
	static const struct {
		const char *line, *type;
	} kinds[] = {
		{"long: 64;", "long"}, {"int: 32;", "int"}, {"short: 16;", "short"}, {"char: 8;", "char"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (len == strlen(kinds[i].line) && !memcmp(line, kinds[i].line, len))
			return kinds[i].type;
	return NULL;
}

/* btf_dump pads with unnamed bit-fields. clang joins neighbouring ones into integers of 128 bits and more,
 * and libbcc changes the target from the machine's to BPF after clang has laid out the structures: they
 * disagree about the alignment of such integers, and members move by 16 bytes (clang 14 with task_struct of
 * Debian 11's 5.10; sizeof and offsetof do not show it). A bit-field that fills its whole type lies where a
 * member of that type lies, so those become members. */
static void name_padding(const struct buf *raw, struct buf *text)
{
	const char *line = (const char *)raw->data, *end = line + raw->len;
	unsigned int n = 0;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop ? stop : end) - line), indent = 0;
		const char *type;

		while (indent < len && line[indent] == '\t')
			indent++;
		type = whole_padding(line + indent, len - indent);
		if (type) {
			buf_put(text, line, indent);
			buf_printf(text, "%s __pad%u;", type, n++);
		} else {
			buf_put(text, line, len);
		}
		buf_putc(text, '\n');
		line += len + 1;
	}
}

int kh_btf_dump(const void *blob, size_t len, struct buf *text, struct kheaders_finding *f)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* what goes wrong is said in the finding, once */
	struct btf *btf = btf__new(blob, (__u32)len);
	int err = (int)libbpf_get_error(btf);
	struct buf raw = BUF_INIT;

	if (err) {
		kh_why(f, err, KH_BTF_PATH ": this libbpf cannot read it: %s", strerror(-err));
	} else {
		err = dump_roots(btf, &raw, f);
		btf__free(btf);
	}
	libbpf_set_print(print);
	if (!err) {
		name_padding(&raw, text);
		if (buf_error(text))
			err = kh_why(f, -ENOMEM, "out of memory");
	}
	buf_free(&raw);
	return err;
}

const char *kh_btf_root(size_t i)
{
	return i < ROOT_CNT ? roots[i].name : NULL;
}
