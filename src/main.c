/* SPDX-License-Identifier: BSD-2-Clause */
/* pidtap: tcpdump that knows who. */
#include "base/log.h"
#include "cli.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* A standard descriptor that is closed would be given to the next file opened: text would go into a BPF map, messages into
 * the capture file. In its place stands one whose use fails as that of a closed one. */
static void keep_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* What was printed by an option that only prints; a capture's output looks after itself. */
static int check_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	log_err("cannot write to standard output: %s", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct options opts;
	int status = 0;

	keep_standard_fds();
	switch (cli_parse(argc, argv, &opts)) {
	case CLI_RUN:
		log_init("pidtap", opts.verbose ? LOG_VERBOSE : LOG_INFO);
		status = session_run(&opts);
		if (!status && opts.action != ACTION_CAPTURE)
			status = check_stdout();
		break;
	case CLI_USAGE:
		status = EXIT_USAGE;
		break;
	case CLI_DONE:
		status = check_stdout();
		break;
	}
	cli_free(&opts);
	return status;
}
