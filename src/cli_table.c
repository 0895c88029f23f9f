/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli_table.h"
#include "cli_filter.h"
#include "cli_number.h"
#include "base/clock.h"
#include "base/log.h"
#include "compat/kver.h"
#include "probes/events.h"

#include <errno.h>
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
		opts->snaplen = v && v < EV_SNAPLEN_MAX ? (uint32_t)v : EV_SNAPLEN_MAX;
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

const struct cli_row cli_rows[] = {
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

const size_t cli_row_cnt = sizeof(cli_rows) / sizeof(*cli_rows);
_Static_assert(sizeof(cli_rows) / sizeof(*cli_rows) <= CLI_ROWS_MAX, "cli_table.h: CLI_ROWS_MAX");

void cli_set_defaults(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->snaplen = EV_SNAPLEN_MAX;
	opts->map_size = DEFAULT_MAP_SIZE;
	opts->buffer_size = DEFAULT_BUFFER_SIZE;
	opts->window_ns = DEFAULT_WINDOW_MS * NSEC_PER_MSEC;
	opts->hold_ns = DEFAULT_HOLD_MS * NSEC_PER_MSEC;
	opts->backend = "auto";
}
