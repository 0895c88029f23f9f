/* SPDX-License-Identifier: BSD-2-Clause */
/* The truth log. A line an event, one write each, so that processes may share the file:
 *
 *   t=NS EVENT pid= tid= uid= comm= key=value...
 *
 *   sock  ino= netns= proto= laddr= lport= raddr= rport= [listen=1] [v6only=1]    exists, held by this process
 *   hold  ino=            this process holds it, too
 *   from  ino= listener=  was accepted from this one
 *   drop  ino=            this process holds it no longer
 *   act   ino= len= [raddr= rport=]    is about to send; to an address that the socket is not connected to
 *   got   ino= len=       received
 *   self                  has this name and uid now
 *   gone  who=            process `who` was reaped
 *   addr  netns= addr=    an address of a namespace
 *   name  netns= name=    what pidtap calls a namespace
 *
 * A socket is known by its inode number, also across processes. comm is the group leader's, blanks and what is not printable
 * as \xHH. An end that is open is `any` and port 0; a v4-mapped address is written as IPv4.
 */
#include "tests/matrix/matrix.h"
#include "tests/matrix/matrix_int.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 600

static int truth_fd = -1;

void truth_open(const char *path)
{
	truth_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (truth_fd < 0)
		fail("%s", path);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void comm_word(char *out, size_t size)
{
	char comm[64];
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, comm, sizeof(comm));
	size_t n = 0;

	if (len <= 0)
		fail("/proc/self/comm");
	close(fd);
	for (ssize_t i = 0; i < len - 1 && n + 5 < size; i++) /* the last is a newline */
		n += (size_t)snprintf(out + n, size - n, comm[i] > ' ' && comm[i] < 0x7f ? "%c" : "\\x%02x",
				      (unsigned char)comm[i]);
	out[n] = 0;
}

static void __attribute__((format(printf, 3, 4))) log_event(uint64_t ns, const char *event, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES], comm[64];
	va_list ap;
	int n;

	comm_word(comm, sizeof(comm));
	n = snprintf(line, sizeof(line), "t=%llu %s pid=%d tid=%ld uid=%u comm=%s ", (unsigned long long)ns, event, getpid(),
		     syscall(SYS_gettid), (unsigned int)geteuid(), comm);
	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line) - 1)
		fail("truth: a line is too long");
	line[n++] = '\n';
	if (truth_fd >= 0 && write(truth_fd, line, (size_t)n) != n)
		fail("truth log");
}

ino_t sock_ino(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		fail("fstat of a socket");
	return st.st_ino;
}

static unsigned long netns_ino(void)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st))
		fail("/proc/thread-self/ns/net");
	return (unsigned long)st.st_ino;
}

/* Address and port as texts; false: not bound. */
static bool end_text(const struct sockaddr_storage *ss, char *addr, char *port)
{
	const struct sockaddr_in6 *v6 = (const void *)ss;
	const struct sockaddr_in *v4 = (const void *)ss;
	bool mapped = ss->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

	if (ss->ss_family == AF_INET || mapped)
		inet_ntop(AF_INET, mapped ? (const void *)&v6->sin6_addr.s6_addr[12] : &v4->sin_addr, addr, INET6_ADDRSTRLEN);
	else if (ss->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, addr, INET6_ADDRSTRLEN);
	else
		return false;
	snprintf(port, 8, "%u", ntohs(ss->ss_family == AF_INET ? v4->sin_port : v6->sin6_port));
	return true;
}

static int sock_int(int fd, int level, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) ? 0 : value;
}

void truth_sock_as(int fd, const char *proto, uint64_t since_ns, const char *laddr, const char *lport, const char *raddr,
	const char *rport)
{
	bool v6only = sock_int(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6 && sock_int(fd, IPPROTO_IPV6, IPV6_V6ONLY);

	log_event(since_ns, "sock", "ino=%lu netns=%lu proto=%s laddr=%s lport=%s raddr=%s rport=%s%s%s",
		  (unsigned long)sock_ino(fd), netns_ino(), proto, laddr, lport, raddr, rport,
		  sock_int(fd, SOL_SOCKET, SO_ACCEPTCONN) ? " listen=1" : "", v6only ? " v6only=1" : "");
}

void truth_sock(int fd, const char *proto, uint64_t since_ns)
{
	struct sockaddr_storage local = {0}, remote = {0};
	char laddr[INET6_ADDRSTRLEN] = "any", raddr[INET6_ADDRSTRLEN] = "any", lport[8] = "0", rport[8] = "0";
	socklen_t len = sizeof(local);

	if (getsockname(fd, (void *)&local, &len))
		fail("getsockname");
	len = sizeof(remote);
	if (getpeername(fd, (void *)&remote, &len))
		remote.ss_family = AF_UNSPEC;
	end_text(&local, laddr, lport);
	end_text(&remote, raddr, rport);
	truth_sock_as(fd, proto, since_ns, laddr, lport, raddr, rport);
}

void truth_hold(int fd, uint64_t since_ns)
{
	log_event(since_ns, "hold", "ino=%lu", (unsigned long)sock_ino(fd));
}

/* Every descriptor that is an internet socket. */
void truth_hold_all(uint64_t since_ns)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	if (!dir)
		fail("/proc/self/fd");
	while ((e = readdir(dir))) {
		int fd = atoi(e->d_name), domain = sock_int(fd, SOL_SOCKET, SO_DOMAIN);

		if (e->d_name[0] != '.' && (domain == AF_INET || domain == AF_INET6))
			truth_hold(fd, since_ns);
	}
	closedir(dir);
}

void truth_from(int fd, int listener)
{
	log_event(now_ns(), "from", "ino=%lu listener=%lu", (unsigned long)sock_ino(fd), (unsigned long)sock_ino(listener));
}

void truth_drop(ino_t ino)
{
	log_event(now_ns(), "drop", "ino=%lu", (unsigned long)ino);
}

void truth_act(int fd, size_t bytes)
{
	log_event(now_ns(), "act", "ino=%lu len=%zu", (unsigned long)sock_ino(fd), bytes);
}

void truth_act_to(int fd, size_t bytes, const struct sockaddr_storage *to)
{
	char addr[INET6_ADDRSTRLEN], port[8];

	end_text(to, addr, port);
	log_event(now_ns(), "act", "ino=%lu len=%zu raddr=%s rport=%s", (unsigned long)sock_ino(fd), bytes, addr, port);
}

void truth_got(int fd, size_t bytes)
{
	log_event(now_ns(), "got", "ino=%lu len=%zu", (unsigned long)sock_ino(fd), bytes);
}

void truth_gone(pid_t pid)
{
	log_event(now_ns(), "gone", "who=%d", pid);
}

void truth_self(void)
{
	log_event(now_ns(), "self", "%s", "");
}

void truth_addrs(void)
{
	struct ifaddrs *all, *i;
	char addr[INET6_ADDRSTRLEN], port[8];

	if (getifaddrs(&all))
		fail("getifaddrs");
	for (i = all; i; i = i->ifa_next) {
		struct sockaddr_storage ss = {0};

		if (!i->ifa_addr || (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		memcpy(&ss, i->ifa_addr, i->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
									  : sizeof(struct sockaddr_in6));
		end_text(&ss, addr, port);
		log_event(now_ns(), "addr", "netns=%lu addr=%s", netns_ino(), addr);
	}
	freeifaddrs(all);
}

void truth_netns(const char *ns)
{
	struct stat st;

	if (stat(ns_path(ns), &st))
		fail("%s", ns_path(ns));
	log_event(now_ns(), "name", "netns=%lu name=%s", (unsigned long)st.st_ino, ns_name(ns));
}
