/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/live/strict.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define BURNERS_MAX 256
#define NICE 5 /* they take most of what the traffic leaves, so that softirqs find them and it goes on */

static pid_t burners[BURNERS_MAX];
static size_t burner_cnt;

bool is_burner(uint32_t pid)
{
	for (size_t i = 0; i < burner_cnt; i++)
		if ((uint32_t)burners[i] == pid)
			return true;
	return false;
}

/* Whoever trusts `current` in a system call that fails, or for a descriptor that is no socket, would name this one, too. */
static void burn_in_calls(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct sockaddr_storage to;
	socklen_t len = make_addr(&to, "127.0.0.1", STRICT_PORT);
	struct msghdr msg = {.msg_name = &to, .msg_namelen = len};

	for (;;) {
		int fd = dup(null);

		bind(fd, (struct sockaddr *)&to, len);
		listen(fd, 1);
		connect(fd, (struct sockaddr *)&to, len);
		sendto(-1, "", 1, 0, (struct sockaddr *)&to, len);
		sendmsg(fd, &msg, 0);
		accept4(fd, NULL, NULL, 0);
		close(fd);
		for (int i = 0; i < 200; i++)
			getppid();
	}
}

static void burn(void)
{
	for (;;)
		__asm__ volatile("");
}

static void start_burner(int cpu, void (*how)(void))
{
	cpu_set_t set;
	pid_t pid;

	if (burner_cnt == BURNERS_MAX)
		return;
	pid = fork();
	if (pid < 0)
		die("fork");
	burners[burner_cnt++] = pid;
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "burner");
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || setpriority(PRIO_PROCESS, 0, NICE))
		die("burner");
	how();
}

void burners_start(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		start_burner(cpu, burn);
		start_burner(cpu, burn_in_calls);
	}
}

void burners_stop(void)
{
	for (size_t i = 0; i < burner_cnt; i++) {
		kill(burners[i], SIGKILL);
		waitpid(burners[i], NULL, 0);
	}
}
