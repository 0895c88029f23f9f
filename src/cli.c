/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli.h"
#include "cli_filter.h"
#include "cli_number.h"
#include "base/clock.h"
#include "base/log.h"
#include "compat/kver.h"
#include "probes/events.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAP_SIZE 10240
#define MAX_MAP_SIZE (1U << 24)
#define DEFAULT_BUFFER_SIZE (8U << 20)
#define MIN_BUFFER_SIZE 4096
#define MAX_BUFFER_SIZE (1ULL << 30)
#define DEFAULT_WINDOW_MS 20
#define MAX_WINDOW_MS 10000
#define DEFAULT_HOLD_MS 1000
#define MAX_HOLD_MS 2500 /* below the time a closed connection is remembered */
#define MAX_DURATION_S (10ULL * 365 * 24 * 3600)
#define NAME_SIZE 40 /* of an option, dashes included */

/* One row an option: parsing and --help both come from here. A handler returns 0, or a negative errno after printing. */
struct option_row {
	char letter;	   /* 0: long form only */
	const char *name;  /* NULL: letter only */
	const char *arg;   /* NULL: takes none */
	const char *help;  /* one or more lines */
	int (*set)(struct options *opts, const char *name, const char *arg);
};

static int set_iface(struct options *opts, const char *name, const char *arg)
{
	(void)name;
	return cli_append(&opts->ifaces, &opts->iface_cnt, arg);
}

static int set_libssl(struct options *opts, const char *name, const char *arg)
{
	(void)name;
	return cli_append(&opts->libssl, &opts->libssl_cnt, arg);
}

static int set_hold(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_number(name, arg, 0, MAX_HOLD_MS, &v);

	if (!err)
		opts->hold_ns = v * NSEC_PER_MSEC;
	return err;
}

static int set_netns(struct options *opts, const char *name, const char *arg)
{
	(void)name;
	return cli_append(&opts->netns, &opts->netns_cnt, arg);
}

static int set_snaplen(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_number(name, arg, 0, 262144, &v);

	/* 0 and all above what a perf record carries mean "whole packets", as in tcpdump */
	if (!err)
		opts->snaplen = v && v < EV_CAPLEN_MAX ? (uint32_t)v : EV_CAPLEN_MAX;
	return err;
}

static int set_count(struct options *opts, const char *name, const char *arg)
{
	return cli_number(name, arg, 1, UINT64_MAX, &opts->max_packets);
}

static int set_duration(struct options *opts, const char *name, const char *arg)
{
	return cli_seconds(name, arg, MAX_DURATION_S, &opts->duration_ns);
}

static int set_window(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_number(name, arg, 1, MAX_WINDOW_MS, &v);

	if (!err)
		opts->window_ns = v * NSEC_PER_MSEC;
	return err;
}

static int set_map_size(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_number(name, arg, 16, MAX_MAP_SIZE, &v);

	if (!err)
		opts->map_size = (uint32_t)v;
	return err;
}

static int set_buffer_size(struct options *opts, const char *name, const char *arg)
{
	uint64_t v;
	int err = cli_size(name, arg, MIN_BUFFER_SIZE, MAX_BUFFER_SIZE, &v);

	if (!err)
		opts->buffer_size = (size_t)v;
	return err;
}

static int set_assume(struct options *opts, const char *name, const char *arg)
{
	if (!kver_parse(arg, &opts->assume_kver))
		return 0;
	log_err("%s %s: not a kernel version such as 4.14", name, arg);
	return -EINVAL;
}

static int set_backend(struct options *opts, const char *name, const char *arg)
{
	opts->backend = arg;
	if (!strcmp(arg, "auto") || !strcmp(arg, "kprobe") || !strcmp(arg, "tracepoint"))
		return 0;
	log_err("%s %s: not kprobe, tracepoint or auto", name, arg);
	return -EINVAL;
}

#define DEFINE_SETTER(fn, statement)                                                                         \
	static int fn(struct options *opts, const char *name, const char *arg)                               \
	{                                                                                                    \
		(void)name;                                                                                  \
		(void)arg;                                                                                   \
		statement;                                                                                   \
		return 0;                                                                                    \
	}

DEFINE_SETTER(set_write, opts->write_path = arg)
DEFINE_SETTER(set_keylog, opts->keylog_path = arg)
DEFINE_SETTER(set_plaintext, opts->plaintext = true)
DEFINE_SETTER(set_hex, opts->hex = true)
DEFINE_SETTER(set_json, opts->json = true)
DEFINE_SETTER(set_no_keys, opts->no_keys = true)
DEFINE_SETTER(set_print, opts->print = true)
DEFINE_SETTER(set_quiet, opts->quiet = true)
DEFINE_SETTER(set_verbose, opts->verbose = true)
DEFINE_SETTER(set_numeric, (void)opts)
DEFINE_SETTER(set_follow, opts->follow = true)
DEFINE_SETTER(set_unknown, opts->include_unknown = true)
DEFINE_SETTER(set_headers, opts->kernel_headers = arg)
DEFINE_SETTER(set_force, opts->headers_force = true)
DEFINE_SETTER(set_cache_dir, opts->cache_dir = arg)
DEFINE_SETTER(set_no_cache, opts->no_cache = true)
DEFINE_SETTER(set_bundle, opts->bundle = arg)
DEFINE_SETTER(set_bundle_out, opts->bundle_out = arg; opts->action = ACTION_BUNDLE_OUT)
DEFINE_SETTER(set_dump, opts->action = ACTION_DUMP_BPF)
DEFINE_SETTER(set_probe_check, opts->action = ACTION_PROBE_CHECK)

static const struct option_row rows[] = {
	{'i', "interface", "IFACE", "capture on IFACE (repeatable); any: all, also those that appear later (default)",
		set_iface},
	{0, "netns", "NAME", "also in network namespace NAME: of ip netns, a path, or all (repeatable)", set_netns},
	{'w', "write", "FILE", "write pcapng to FILE, - for standard output; no text then", set_write},
	{0, "plaintext", NULL, "what goes through TLS libraries, in clear, with its process and connection",
		set_plaintext},
	{'X', "hex", NULL, "plaintext in hex and ASCII", set_hex},
	{0, "json", NULL, "JSON in place of text, an object a line; also with -w", set_json},
	{0, "keylog", "FILE", "append TLS secrets to FILE, as SSLKEYLOGFILE does", set_keylog},
	{0, "no-keys", NULL, "no TLS secrets in what -w writes", set_no_keys},
	{0, "libssl", "FILE", "FILE is a TLS library, or a program with one in it (repeatable)", set_libssl},
	{0, "hold", "MS", "how long packets of a TLS handshake wait for its keys (default 1000 ms, 0: not)", set_hold},
	{0, "print", NULL, "text as well as -w", set_print},
	{'c', "count", "N", "end after N packets", set_count},
	{0, "duration", "SECONDS", "end after SECONDS", set_duration},
	{'s', "snapshot-length", "BYTES", "keep at most BYTES of each packet (default and 0: all a record can carry)",
		set_snaplen},
	{'q', "quick", NULL, "less of the protocol in text", set_quiet},
	{'v', "verbose", NULL, "more in text and messages: how a packet was attributed, thread, start-up times",
		set_verbose},
	{'n', NULL, NULL, "accepted for habit: addresses and ports are always numbers", set_numeric},
	{'p', "pid", "PID", "only packets of process PID (repeatable)", cli_set_pid},
	{'f', "follow", NULL, "with -p: of its children, too, and of theirs", set_follow},
	{0, "uid", "UID", "only packets of processes of user UID (repeatable)", cli_set_uid},
	{0, "comm", "NAME", "only packets of processes called NAME (repeatable; 15 bytes count)", cli_set_comm},
	{0, "include-unknown", NULL, "with a process filter: also packets nobody owns", set_unknown},
	{0, "map-size", "N", "connections the kernel side keeps in mind (default 10240)", set_map_size},
	{0, "buffer-size", "SIZE", "packet buffer per CPU, K and M understood (default 8M)", set_buffer_size},
	{0, "window", "MS", "how long a packet waits for a late owner (default 20 ms)", set_window},
	{0, "backend", "NAME", "kprobe, tracepoint or auto (default): where owners are learnt", set_backend},
	{0, "kernel-headers", "DIR", "compile against the kernel headers in DIR", set_headers},
	{0, "kernel-headers-force", NULL, "even where they are another kernel's", set_force},
	{0, "assume-kernel", "VERSION", "use only what kernel VERSION has", set_assume},
	{0, "cache-dir", "DIR", "where compiled bundles are kept (default /var/cache/pidtap)", set_cache_dir},
	{0, "no-cache", NULL, "neither read nor keep bundles", set_no_cache},
	{0, "bundle", "FILE", "run the bundle in FILE: no compiler and no headers needed", set_bundle},
	{0, "bundle-out", "FILE", "compile, write the bundle to FILE, end", set_bundle_out},
	{0, "dump-bpf", NULL, "print the BPF text and its flags, end", set_dump},
	{0, "probe-check", NULL, "say what this kernel has and what will be used, end", set_probe_check},
};

#define ROW_CNT (sizeof(rows) / sizeof(*rows))
#define CODE_OPERAND 1 /* getopt(3), an option string that begins with - */
#define CODE_HELP 1000
#define CODE_VERSION 1001
#define CODE_ROW 2000 /* + index: options without a letter */

static void print_help(void)
{
	printf("usage: pidtap [OPTION]... [-- COMMAND [ARG]...]\n\n"
	       "Captures packets and says which process each belongs to. With COMMAND: runs it, captures it and its children,\n"
	       "ends with it and returns its status.\n\n");
	for (size_t i = 0; i < ROW_CNT; i++) {
		const struct option_row *r = &rows[i];
		char left[64];
		int n = r->letter ? snprintf(left, sizeof(left), "-%c", r->letter)
				  : snprintf(left, sizeof(left), "   ");

		if (r->name)
			n += snprintf(left + n, sizeof(left) - (size_t)n, "%s--%s", r->letter ? ", " : " ", r->name);
		if (r->arg)
			snprintf(left + n, sizeof(left) - (size_t)n, " %s", r->arg);
		printf("  %-30s %s\n", left, r->help);
	}
	printf("  -h, --help                     print this\n"
	       "      --version                  print the version\n\n"
	       "Exit status: 0 ended as asked, 1 a failure, 2 bad usage, else COMMAND's. SIGUSR1 prints the counters.\n");
}

static void build_getopt(struct option *longs, char *shorts)
{
	size_t n = 0;

	*shorts++ = '-'; /* operands are told in their place: what is behind `--` is a command, what is not is none */
	*shorts++ = ':'; /* a missing argument is told apart from an unknown option */
	for (size_t i = 0; i < ROW_CNT; i++) {
		if (rows[i].letter) {
			*shorts++ = rows[i].letter;
			if (rows[i].arg)
				*shorts++ = ':';
		}
		if (rows[i].name)
			longs[n++] = (struct option){rows[i].name, rows[i].arg ? required_argument : no_argument, NULL,
				(int)(CODE_ROW + i)};
	}
	*shorts++ = 'h';
	*shorts = 0;
	longs[n++] = (struct option){"help", no_argument, NULL, CODE_HELP};
	longs[n++] = (struct option){"version", no_argument, NULL, CODE_VERSION};
	longs[n] = (struct option){0};
}

static const struct option_row *find_row(int code)
{
	if (code >= CODE_ROW)
		return &rows[code - CODE_ROW];
	for (size_t i = 0; i < ROW_CNT; i++)
		if (rows[i].letter == code)
			return &rows[i];
	return NULL;
}

static const char *row_name(const struct option_row *r, char name[NAME_SIZE])
{
	if (r->name)
		snprintf(name, NAME_SIZE, "--%s", r->name);
	else
		snprintf(name, NAME_SIZE, "-%c", r->letter);
	return name;
}

static enum cli_result usage(const char *what, const char *subject)
{
	log_err("%s: %s; pidtap --help lists the options", subject, what);
	return CLI_USAGE;
}

static enum cli_result set_row(struct options *opts, const struct option_row *r)
{
	char name[NAME_SIZE];

	row_name(r, name);
	if (r->arg && !*optarg)
		return usage("needs an argument", name);
	return r->set(opts, name, optarg) ? CLI_USAGE : CLI_RUN;
}

/* What getopt could not take. It says which in optopt: a letter (of a cluster, too), the code of a long option that is
 * known, or 0. */
static enum cli_result refuse(int code, char **argv)
{
	char name[NAME_SIZE];

	if (!optopt)
		return usage("no such option", argv[optind - 1]);
	if (optopt < CODE_HELP) {
		snprintf(name, sizeof(name), "-%c", optopt);
		return usage(code == ':' ? "needs an argument" : "no such option", name);
	}
	if (optopt < CODE_ROW)
		snprintf(name, sizeof(name), "--%s", optopt == CODE_HELP ? "help" : "version");
	else
		row_name(find_row(optopt), name);
	return usage(code == ':' ? "needs an argument" : "takes no argument", name);
}

static enum cli_result check_together(const struct options *opts)
{
	if (opts->bundle && opts->bundle_out)
		return usage("one builds a bundle, the other runs one", "--bundle and --bundle-out");
	if (opts->bundle && opts->assume_kver)
		return usage("a bundle is compiled already", "--bundle and --assume-kernel");
	if (opts->follow && !opts->pid_cnt && !opts->command)
		return usage("follows the children of -p PID or of -- COMMAND; name one", "--follow");
	if (opts->include_unknown && !cli_is_filtered(opts))
		return usage("makes sense with -p, --uid, --comm or -- COMMAND only", "--include-unknown");
	if (opts->command && opts->action != ACTION_CAPTURE)
		return usage("only a capture runs a command", opts->command[0]);
	if (opts->hex && !opts->plaintext)
		return usage("shows plaintext: add --plaintext", "-X");
	if (opts->hex && opts->json)
		return usage("the one is text; JSON has the bytes in base64", "-X and --json");
	if (opts->no_keys && opts->keylog_path)
		return usage("one wants keys, the other does not", "--keylog and --no-keys");
	if (opts->print && opts->write_path && !strcmp(opts->write_path, "-"))
		return usage("both want standard output", "--print and -w -");
	if (opts->json && opts->write_path && !strcmp(opts->write_path, "-"))
		return usage("both want standard output", "--json and -w -");
	return CLI_RUN;
}

static void set_defaults(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->snaplen = EV_CAPLEN_MAX;
	opts->map_size = DEFAULT_MAP_SIZE;
	opts->buffer_size = DEFAULT_BUFFER_SIZE;
	opts->window_ns = DEFAULT_WINDOW_MS * NSEC_PER_MSEC;
	opts->hold_ns = DEFAULT_HOLD_MS * NSEC_PER_MSEC;
	opts->backend = "auto";
}

/* One thing getopt returned; CLI_RUN: go on. */
static enum cli_result take(int code, char **argv, struct options *opts)
{
	switch (code) {
	case 'h':
	case CODE_HELP:
		print_help();
		return CLI_DONE;
	case CODE_VERSION:
		printf("pidtap %s\n", PIDTAP_VERSION);
		return CLI_DONE;
	case CODE_OPERAND:
		return usage("filter expressions are not supported; use -i, -p, --uid and --comm, and -- before a command",
			optarg);
	case ':':
	case '?':
		return refuse(code, argv);
	default:
		return set_row(opts, find_row(code));
	}
}

/* What is behind `--`. Nothing: a script's variable was empty, and all would be captured in place of its command. */
static enum cli_result take_command(int argc, char **argv, bool dashes, struct options *opts)
{
	if (optind < argc)
		opts->command = &argv[optind];
	else if (dashes)
		return usage("needs a command behind it", "--");
	return check_together(opts);
}

enum cli_result cli_parse(int argc, char **argv, struct options *opts)
{
	struct option longs[ROW_CNT + 3];
	char shorts[2 * ROW_CNT + 4];
	enum cli_result result;
	int code, at;

	set_defaults(opts);
	build_getopt(longs, shorts);
	opterr = 0;
	for (;;) {
		at = optind ? optind : 1;
		code = getopt_long(argc, argv, shorts, longs, NULL);
		if (code == -1)
			break;
		result = take(code, argv, opts);
		if (result != CLI_RUN)
			return result;
	}
	/* it goes past `--` without returning it, and `-w --` is not that */
	return take_command(argc, argv, optind > at, opts);
}

void cli_free(struct options *opts)
{
	free(opts->ifaces);
	free(opts->libssl);
	free(opts->netns);
	free(opts->pids);
	free(opts->uids);
	free(opts->comms);
}
