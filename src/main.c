/* SPDX-License-Identifier: BSD-2-Clause */
/* pidtap: tcpdump that knows who. */
#include "base/log.h"
#include "cli.h"
#include "session.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
	struct options opts;
	int status = 0;

	switch (cli_parse(argc, argv, &opts)) {
	case CLI_RUN:
		log_init("pidtap", opts.verbose ? LOG_VERBOSE : LOG_INFO);
		status = session_run(&opts);
		break;
	case CLI_USAGE:
		status = EXIT_USAGE;
		break;
	case CLI_DONE:
		break;
	}
	cli_free(&opts);
	return status;
}
