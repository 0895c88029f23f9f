/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli.h"
#include "cli_filter.h"
#include "cli_table.h"
#include "base/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 40 /* of an option, dashes included */
#define CODE_OPERAND 1 /* getopt(3), an option string that begins with - */
#define CODE_HELP 1000
#define CODE_VERSION 1001
#define CODE_ROW 2000 /* + index: options without a letter */

static void print_help(void)
{
	printf("usage: pidtap [OPTION]... [-- COMMAND [ARG]...]\n\n"
	       "Captures packets and says which process each belongs to. With COMMAND: runs it, captures it and its children,\n"
	       "ends with it and returns its status.\n\n");
	for (size_t i = 0; i < cli_row_cnt; i++) {
		const struct cli_row *r = &cli_rows[i];
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
	for (size_t i = 0; i < cli_row_cnt; i++) {
		if (cli_rows[i].letter) {
			*shorts++ = cli_rows[i].letter;
			if (cli_rows[i].arg)
				*shorts++ = ':';
		}
		if (cli_rows[i].name)
			longs[n++] = (struct option){cli_rows[i].name, cli_rows[i].arg ? required_argument : no_argument, NULL,
				(int)(CODE_ROW + i)};
	}
	*shorts++ = 'h';
	*shorts = 0;
	longs[n++] = (struct option){"help", no_argument, NULL, CODE_HELP};
	longs[n++] = (struct option){"version", no_argument, NULL, CODE_VERSION};
	longs[n] = (struct option){0};
}

static const struct cli_row *find_row(int code)
{
	if (code >= CODE_ROW)
		return &cli_rows[code - CODE_ROW];
	for (size_t i = 0; i < cli_row_cnt; i++)
		if (cli_rows[i].letter == code)
			return &cli_rows[i];
	return NULL;
}

static const char *row_name(const struct cli_row *r, char name[NAME_SIZE])
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

static enum cli_result set_row(struct options *opts, const struct cli_row *r)
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
	if (opts->keylog_path && opts->write_path && !strcmp(opts->keylog_path, opts->write_path))
		return usage("name the same file; -w holds the secrets already", "--keylog and -w");
	if (opts->print && opts->write_path && !strcmp(opts->write_path, "-"))
		return usage("both want standard output", "--print and -w -");
	if (opts->json && opts->write_path && !strcmp(opts->write_path, "-"))
		return usage("both want standard output", "--json and -w -");
	return CLI_RUN;
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
	struct option longs[CLI_ROWS_MAX + 3];
	char shorts[2 * CLI_ROWS_MAX + 4];
	enum cli_result result;
	int code, at;

	cli_set_defaults(opts);
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
