/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/cli*.c src/base/log.c src/base/patient.c src/base/clock.c compat/kver.c src/base/sysroot.c src/base/buf.c */
/* Whatever is typed: it is taken as meant, or refused in one line that names the option. */
#include "cli.h"
#include "probes/events.h"
#include "stderr.h"
#include "tap.h"

#include <getopt.h>
#include <stdlib.h>

#define ARGS_MAX 16

static char out[16384], err[8192];
static struct options opts; /* of the last parse; freed before the next */

/* What pidtap makes of these arguments, which end with NULL. */
static enum cli_result parse(const char *const *args)
{
	static char copies[ARGS_MAX][256]; /* the options point into them */
	char *argv[ARGS_MAX + 1] = {copies[0]};
	enum cli_result result;
	struct caught so, se;
	int argc;

	strcpy(copies[0], "pidtap");
	for (argc = 1; args[argc - 1] && argc < ARGS_MAX; argc++) {
		snprintf(copies[argc], sizeof(copies[argc]), "%s", args[argc - 1]);
		argv[argc] = copies[argc];
	}
	cli_free(&opts);
	optind = 0; /* glibc: begin anew */
	catch_begin(&so, stdout);
	catch_begin(&se, stderr);
	result = cli_parse(argc, argv, &opts);
	catch_end(&se, err, sizeof(err));
	catch_end(&so, out, sizeof(out));
	return result;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool taken(const char *const *args)
{
	return parse(args) == CLI_RUN && !*out && !*err;
}

/* Refused in one line that begins with `what`. */
static void refused(const char *what, const char *const *args)
{
	enum cli_result result = parse(args);
	size_t len = strlen(err);
	char want[256];

	snprintf(want, sizeof(want), "pidtap: %s", what);
	if (!tap_ok(result == CLI_USAGE && !*out && !strncmp(err, want, strlen(want)) &&
			    strchr(err, '\n') == err + len - 1,
		    "%s", what))
		printf("#   got %d, \"%s\" and \"%s\"\n", result, err, out);
}

static void test_defaults(void)
{
	const char *none = NULL;

	tap_ok(taken(&none), "no argument at all");
	tap_ok(opts.action == ACTION_CAPTURE && !opts.iface_cnt && !opts.netns_cnt && !opts.pid_cnt && !opts.uid_cnt,
		"captures all");
	tap_ok(opts.snaplen == EV_SNAPLEN_MAX && !opts.max_packets && !opts.duration_ns && !opts.write_path,
		"without limit");
	tap_ok(opts.map_size == 10240 && opts.buffer_size == 8 << 20 && opts.window_ns == 20000000,
		"with the sizes --help says");
	tap_is_str(opts.backend, "auto", "by any back-end");
	tap_ok(!opts.command && !opts.follow && !opts.comm_cnt, "and runs nothing");
}

static void test_forms(void)
{
	tap_ok(taken(ARGS("-i", "eth0", "-ilo", "--interface", "v0", "--interface=v1")) &&
			opts.iface_cnt == 4,
		"-i in four forms");
	tap_is_str(opts.ifaces[1], "lo", "without a space");
	tap_is_str(opts.ifaces[3], "v1", "with =");
	tap_ok(taken(ARGS("--netns", "b", "--netns=/proc/1/ns/net", "--netns", "all")) && opts.netns_cnt == 3 &&
			!opts.iface_cnt,
		"namespaces, as many as one likes");
	tap_is_str(opts.netns[1], "/proc/1/ns/net", "by path, too");
	tap_ok(taken(ARGS("-nqvc5")) && opts.quiet && opts.verbose && opts.max_packets == 5,
		"letters together");
	tap_ok(taken(ARGS("--dur=1.5")) && opts.duration_ns == 1500000000, "a long one cut short");
	tap_ok(taken(ARGS("--kernel-headers", "d")) && !opts.headers_force, "one that begins another");
	tap_is_str(opts.kernel_headers, "d", "is itself");
	tap_ok(taken(ARGS("-w", "-")) && !strcmp(opts.write_path, "-"), "a dash is a file");
	tap_ok(taken(ARGS("-w", "-q")) && !strcmp(opts.write_path, "-q") && !opts.quiet,
		"an argument that looks like an option");
	tap_ok(taken(ARGS("-w", "--", "-q")) && !strcmp(opts.write_path, "--") && opts.quiet,
		"or like their end");
}

static void test_values(void)
{
	tap_ok(taken(ARGS("-p", "1", "-p2147483647", "--pid", "7")) && opts.pid_cnt == 3 &&
			opts.pids[1] == INT32_MAX,
		"pids");
	tap_ok(taken(ARGS("--uid", "0", "--uid", "4294967294")) && opts.uid_cnt == 2 &&
			opts.uids[1] == UINT32_MAX - 1,
		"uids");
	tap_ok(taken(ARGS("-c", "18446744073709551615")) && opts.max_packets == UINT64_MAX,
		"a count of 2^64 - 1");
	tap_ok(taken(ARGS("-s", "0")) && opts.snaplen == EV_SNAPLEN_MAX, "-s 0: whole packets");
	tap_ok(taken(ARGS("-s", "262144")) && opts.snaplen == EV_SNAPLEN_MAX, "-s 262144: as much as can be");
	tap_ok(taken(ARGS("-s", "1")) && opts.snaplen == 1, "-s 1");
	tap_ok(taken(ARGS("--window", "10000")) && opts.window_ns == 10000000000, "a window in milliseconds");
	tap_ok(taken(ARGS("--map-size", "16777216")) && opts.map_size == 16777216, "the largest map");
	tap_ok(taken(ARGS("--assume-kernel", "4.14")) && opts.assume_kver == 0x40e00, "a kernel version");
	tap_ok(taken(ARGS("-c", "007")) && opts.max_packets == 7, "zeros before a number are no octal");
	tap_ok(taken(ARGS("-c", "3", "-c", "4")) && opts.max_packets == 4, "the last one counts");
}

static void check_size(const char *text, size_t want)
{
	tap_ok(taken(ARGS("--buffer-size", text)) && opts.buffer_size == want, "--buffer-size %s", text);
}

static void check_seconds(const char *text, uint64_t want_ns)
{
	tap_ok(taken(ARGS("--duration", text)) && opts.duration_ns == want_ns, "--duration %s", text);
}

static void test_units(void)
{
	check_size("4096", 4096);
	check_size("4k", 4096);
	check_size("4K", 4096);
	check_size("1m", 1 << 20);
	check_size("1024M", 1 << 30);
	check_size("1G", 1 << 30);
	check_size("1g", 1 << 30);
	check_seconds("10", 10000000000);
	check_seconds("0.5", 500000000);
	check_seconds("0.000000001", 1);
	check_seconds("1.0000000019", 1000000001);
	check_seconds("1.0000000019999999999999999999999999999999", 1000000001);
	check_seconds("315360000", 315360000000000000);
}

/* Each with a value it takes, for nothing else is to be wrong. */
static const struct {
	const char *name, *good;
} numeric[] = {
	{"--count", "1"},
	{"--duration", "1"},
	{"--snapshot-length", "1"},
	{"--pid", "1"},
	{"--uid", "1"},
	{"--map-size", "16"},
	{"--buffer-size", "4096"},
	{"--window", "1"},
	{"--assume-kernel", "5.10"},
};

static void test_garbage(void)
{
	static const char *const garbage[] = {"x", "-1", "+1", " 1", "1 ", "1x", "x1", "0x10", "1e3", "1,5",
		"--", "-", ".", ".5", "1.", "1..5", "\n", "1\n", "1\n2", "\x1b[31m", "\xff",
		"99999999999999999999", "18446744073709551616", "-9223372036854775808",
		"340282366920938463463374607431768211457", "nan", "inf", "1KB", "1KK", "K", "1T", "%s%n"};

	for (size_t i = 0; i < sizeof(numeric) / sizeof(*numeric); i++) {
		size_t wrong = 0;

		tap_ok(taken(ARGS(numeric[i].name, numeric[i].good)), "%s %s", numeric[i].name,
			numeric[i].good);
		for (size_t g = 0; g < sizeof(garbage) / sizeof(*garbage); g++) {
			const char *const *args = ARGS(numeric[i].name, garbage[g]);
			char want[64];

			snprintf(want, sizeof(want), "pidtap: %s ", numeric[i].name);
			if (parse(args) == CLI_USAGE && !*out && !strncmp(err, want, strlen(want)) &&
				strchr(err, '\n') == err + strlen(err) - 1)
				continue;
			printf("# %s, garbage[%zu]: \"%s\"\n", numeric[i].name, g, err);
			wrong++;
		}
		tap_is_int(wrong, 0, "%s: garbage is refused in one line that names it", numeric[i].name);
	}
}

static void test_limits(void)
{
	refused("--count 0: ", ARGS("-c", "0"));
	refused("--duration 0: ", ARGS("--duration", "0"));
	refused("--duration 0.0: ", ARGS("--duration", "0.0"));
	refused("--duration 0.0000000001: ", ARGS("--duration", "0.0000000001"));
	refused("--duration 1.5.: ", ARGS("--duration", "1.5."));
	refused("--duration 315360001: ", ARGS("--duration", "315360001"));
	refused("--duration 315360000.1: ", ARGS("--duration", "315360000.1"));
	refused("--snapshot-length 262145: ", ARGS("-s", "262145"));
	refused("--pid 0: ", ARGS("-p", "0"));
	refused("--pid 2147483648: ", ARGS("-p", "2147483648"));
	refused("--pid 4294967297: ", ARGS("-p", "4294967297"));
	refused("--uid 4294967295: ", ARGS("--uid", "4294967295"));
	refused("--uid 4294967296: ", ARGS("--uid", "4294967296"));
	refused("--map-size 15: ", ARGS("--map-size", "15"));
	refused("--map-size 16777217: ", ARGS("--map-size", "16777217"));
	refused("--buffer-size 4095: ", ARGS("--buffer-size", "4095"));
	refused("--buffer-size 3K: ", ARGS("--buffer-size", "3K"));
	refused("--buffer-size 1025M: ", ARGS("--buffer-size", "1025M"));
	refused("--buffer-size 18014398509481984K: ", ARGS("--buffer-size", "18014398509481984K"));
	refused("--buffer-size 17179869184G: ", ARGS("--buffer-size", "17179869184G"));
	refused("--window 0: ", ARGS("--window", "0"));
	refused("--window 10001: ", ARGS("--window", "10001"));
	refused("--backend Auto: ", ARGS("--backend", "Auto"));
	refused("--backend kprobe : ", ARGS("--backend", "kprobe "));
	refused("--pid x: ", ARGS("-p", "5", "-p", "x"));
}

/* An empty argument is what an unset variable of a script leaves. */
static void test_empty(void)
{
	static const char *const with_argument[] = {"--interface", "--write", "--count", "--duration",
		"--snapshot-length", "--pid", "--uid", "--comm", "--map-size", "--buffer-size", "--window", "--backend",
		"--kernel-headers", "--assume-kernel", "--cache-dir", "--bundle", "--bundle-out"};

	for (size_t i = 0; i < sizeof(with_argument) / sizeof(*with_argument); i++) {
		char want[64], given[64];

		snprintf(want, sizeof(want), "%s: needs an argument", with_argument[i]);
		snprintf(given, sizeof(given), "%s=", with_argument[i]);
		refused(want, ARGS(with_argument[i], ""));
		refused(want, ARGS(given));
		refused(want, ARGS(with_argument[i]));
	}
	refused("--interface: needs an argument", ARGS("-i", ""));
	refused(": filter", ARGS(""));
}

static void test_unknown(void)
{
	refused("-x: no such option", ARGS("-x"));
	refused("-x: no such option", ARGS("-qx"));
	refused("-x: no such option", ARGS("-xq"));
	refused("-x: no such option", ARGS("-qxv"));
	refused("-x: no such option", ARGS("-i", "lo", "-xq", "-v"));
	refused("-=: no such option", ARGS("-q=5"));
	refused("-:: no such option", ARGS("-:"));
	refused("-;: no such option", ARGS("-;"));
	refused("-?: no such option", ARGS("-\n"));
	refused("--: no such option", ARGS("-q-"));
	refused("-W: no such option", ARGS("-Wquick"));
	refused("--nosuch: no such option", ARGS("--nosuch"));
	refused("--nosuch=5: no such option", ARGS("--nosuch=5"));
	refused("--nosuch: no such option", ARGS("-q", "--nosuch", "-v"));
	refused("--bu: no such option", ARGS("--bu", "x"));
	refused("--Quick: no such option", ARGS("--Quick"));
	refused("--=: no such option", ARGS("--="));
	refused("-c: needs an argument", ARGS("-c"));
	refused("-c: needs an argument", ARGS("-qc"));
	refused("-i: needs an argument", ARGS("-q", "-vi"));
	refused("--count: needs an argument", ARGS("-q", "--count"));
	refused("--count: needs an argument", ARGS("--cou"));
	refused("--quick: takes no argument", ARGS("--quick=5"));
	refused("--quick: takes no argument", ARGS("--quick="));
	refused("--help: takes no argument", ARGS("--help=all"));
	refused("--version: takes no argument", ARGS("--version=1"));
	refused("--no-cache: takes no argument", ARGS("-q", "--no-ca=x", "-v"));
}

static void test_operands(void)
{
	refused("port: filter expressions", ARGS("port", "80"));
	refused("port: filter expressions", ARGS("-q", "port", "80", "-v"));
	refused("-: filter expressions", ARGS("-"));
	refused("port: filter expressions", ARGS("port", "--", "cmd"));
	refused("a?b: filter expressions", ARGS("a\nb"));
}

/* Whose is what comes behind `--`? */
static void test_command(void)
{
	tap_ok(taken(ARGS("-q", "--", "curl", "-v", "--", "-c")) && opts.command && opts.quiet && !opts.verbose,
		"a command, its options not ours");
	tap_is_str(opts.command[0], "curl", "its name");
	tap_is_str(opts.command[3], "-c", "its last argument");
	tap_ok(!opts.command[4], "and its end");
	tap_ok(taken(ARGS("--", "-q")) && !opts.quiet && !strcmp(opts.command[0], "-q"), "a name like an option");
	tap_ok(taken(ARGS("-w", "--", "--", "cmd")) && !strcmp(opts.command[0], "cmd") && !strcmp(opts.write_path, "--"),
		"behind a file called --");
	tap_ok(taken(ARGS("-w", "--")) && !opts.command, "such a file alone");
	refused("--: needs a command", ARGS("--"));
	refused("--: needs a command", ARGS("-w", "--", "--"));
	refused("cmd: only a capture runs a command", ARGS("--dump-bpf", "--", "cmd"));
	refused("cmd: only a capture runs a command", ARGS("--bundle-out", "b", "--", "cmd"));
	refused("cmd: filter expressions", ARGS("cmd"));
}

static void test_processes(void)
{
	tap_ok(taken(ARGS("--comm", "curl", "--comm=a name")) && opts.comm_cnt == 2 && !strcmp(opts.comms[1], "a name"),
		"names");
	tap_ok(taken(ARGS("-f", "-p", "1")) && opts.follow, "children of a process");
	tap_ok(taken(ARGS("--follow", "--", "cmd")) && opts.follow, "of a command");
	refused("--follow: follows the children of -p PID or of -- COMMAND", ARGS("-f"));
	refused("--follow: ", ARGS("-f", "--uid", "0", "--comm", "x"));
}

static void test_together(void)
{
	refused("--bundle and --bundle-out: ", ARGS("--bundle", "a", "--bundle-out", "b"));
	refused("--bundle and --assume-kernel: ", ARGS("--assume-kernel", "4.9", "--bundle", "a"));
	refused("--keylog and -w: ", ARGS("--keylog", "a", "-w", "a"));
	refused("--include-unknown: ", ARGS("--include-unknown"));
	refused("--print and -w -: ", ARGS("-w-", "--print"));
	tap_ok(taken(ARGS("--include-unknown", "-p", "1")) && opts.include_unknown,
		"the unknown, too, with a pid");
	tap_ok(taken(ARGS("--include-unknown", "--uid", "0")), "or a uid");
	tap_ok(taken(ARGS("--include-unknown", "--comm", "x")), "or a name");
	tap_ok(taken(ARGS("--include-unknown", "--", "x")), "or a command");
	tap_ok(taken(ARGS("--print", "-w", "f")) && opts.print, "text beside a file");
	tap_ok(taken(ARGS("--bundle-out", "b")) && opts.action == ACTION_BUNDLE_OUT, "a bundle is built");
	tap_ok(taken(ARGS("--dump-bpf")) && opts.action == ACTION_DUMP_BPF, "the text is printed");
	tap_ok(taken(ARGS("--probe-check")) && opts.action == ACTION_PROBE_CHECK, "the kernel is looked at");
}

static void test_help(void)
{
	const char *const *forms[] = {
		ARGS("-h"), ARGS("--help"), ARGS("-qh"), ARGS("-i", "lo", "--help", "-x")};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		tap_ok(parse(forms[i]) == CLI_DONE && strstr(out, "usage: pidtap") && !*err, "help, form %zu",
			i);
	refused("-x: no such option", ARGS("-x", "--help"));
	tap_ok(parse(ARGS("--version")) == CLI_DONE && !strncmp(out, "pidtap ", 7) && !*err, "version");
}

/* Every option of --help is one, and its description fits beside it. */
static void test_help_lists_options(void)
{
	size_t listed = 0, wrong = 0;
	static char help[sizeof(out)];

	parse(ARGS("--help"));
	strcpy(help, out);
	for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n")) {
		char *name = strstr(line, "--"), *end;

		if (strncmp(line, "  ", 2) || !name || name > line + 6)
			continue;
		end = name + strcspn(name, " ");
		listed++;
		wrong += strlen(line) > 120 || line[32] != ' ' || line[33] == ' ';
		*end = 0;
		parse(ARGS(name));
		wrong += strstr(err, "no such option") != NULL;
	}
	tap_ok(listed > 20 && !wrong, "%zu options listed", listed);
}

int main(void)
{
	test_defaults();
	test_forms();
	test_values();
	test_units();
	test_garbage();
	test_limits();
	test_empty();
	test_unknown();
	test_operands();
	test_command();
	test_processes();
	test_together();
	test_help();
	test_help_lists_options();
	cli_free(&opts);
	return tap_done();
}
