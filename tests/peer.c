/* SPDX-License-Identifier: BSD-2-Clause */
/* Traffic whose truth is known: makes sockets, and logs for each who owns it, for tests/judge to compare.
 *
 *   peer ROLE [--option value]...        (peer help lists both)
 *
 * The log gets one line a socket when its tuple is complete, key=value separated by spaces:
 *   role= pid= tid= uid= netns= comm= proto= laddr= lport= raddr= rport=
 * and the same line again with tx= and rx=, the payload bytes it carried, when its role is over. Numbers are those of
 * the initial namespaces if the program runs in them. An end that is not bound is `any` and port 0; a v4-mapped
 * address is written as IPv4. Blanks and what is not printable ASCII in comm are \xHH.
 *
 * Nothing waits by sleeping for a guessed time: a server makes --ready FILE when it can be reached, others --wait for a
 * file, and --timeout (SIGALRM) bounds it all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_S 30
#define POLL_NS 2000000 /* between two looks at a file that is waited for */

struct opts {
	const char *addr; /* where a server binds, where a client goes */
	const char *bind; /* a client's own address, NULL: the kernel's choice */
	const char *name;
	const char *log;
	const char *ready;
	const char *wait;
	const char *accept_wait;
	const char *iface;
	const char *peer_netns;
	uint8_t dest_mac[ETH_ALEN];
	uint16_t port;
	uint16_t bind_port;
	uint16_t vlan;
	long bytes;	 /* payload of one exchange */
	long repeat;	 /* exchanges a connection; a UDP server ends after so many, 0: never */
	long conns;	 /* connections; a TCP server ends after so many, 0: never */
	long interval_ms; /* a client's pause between exchanges */
	long timeout_s;
	long uid;     /* -1: stay */
	bool connected; /* UDP: connect first */
	bool dual;    /* an IPv6 server takes IPv4 too */
	bool oneway;  /* nothing is echoed */
	bool thread;  /* the role runs in a thread named NAME-t */
	bool exthdr;  /* IP options, or IPv6 hop-by-hop and destination options */
};

/* A socket's line in the log; told twice, see above. */
struct truth {
	char line[512];
	long tx;
	long rx;
};

static struct opts o = {
	.addr = "127.0.0.1", .port = 5555, .bytes = 100, .repeat = 1, .conns = 1, .timeout_s = DEFAULT_TIMEOUT_S, .uid = -1,
};

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fprintf(stderr, "peer: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, err ? ": %s\n" : "\n", strerror(err));
	exit(1);
}

static void pause_ns(long ns)
{
	struct timespec ts = {ns / 1000000000, ns % 1000000000};

	nanosleep(&ts, NULL);
}

static void wait_for_file(const char *path)
{
	while (path && access(path, F_OK))
		pause_ns(POLL_NS);
}

static void say_ready(void)
{
	FILE *f;

	if (!o.ready)
		return;
	f = fopen(o.ready, "w");
	if (!f || fclose(f))
		die("%s", o.ready);
}

/* ---- truth ---- */

/* The group leader's name, as a word. */
static const char *comm_word(char *out, size_t size)
{
	char comm[64];
	FILE *f = fopen("/proc/self/comm", "r");
	size_t len = f ? fread(comm, 1, sizeof(comm), f) : 0, n = 0;

	if (!len)
		die("/proc/self/comm");
	fclose(f);
	for (size_t i = 0; i < len - 1 && n + 5 < size; i++) /* the last is the newline the kernel adds */
		n += (size_t)snprintf(out + n, size - n, comm[i] > ' ' && comm[i] < 0x7f ? "%c" : "\\x%02x",
				      (unsigned char)comm[i]);
	return out;
}

static unsigned long netns_inode(void)
{
	struct stat st;

	if (stat("/proc/self/ns/net", &st))
		die("/proc/self/ns/net");
	return (unsigned long)st.st_ino;
}

/* "laddr=10.0.0.1 lport=80 " of an address; `end` is l or r. */
static int end_text(char *out, size_t size, char end, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *v6 = (const void *)ss;
	const struct sockaddr_in *v4 = (const void *)ss;
	char addr[INET6_ADDRSTRLEN] = "any";
	int port = 0;

	if (ss->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, addr, sizeof(addr));
		port = ntohs(v4->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
			inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], addr, sizeof(addr));
		else
			inet_ntop(AF_INET6, &v6->sin6_addr, addr, sizeof(addr));
		port = ntohs(v6->sin6_port);
	}
	return snprintf(out, size, " %caddr=%s %cport=%d", end, addr, end, port);
}

static void truth_write(const char *line)
{
	char whole[600];
	int len = snprintf(whole, sizeof(whole), "%s\n", line);
	FILE *f;

	if (!o.log)
		return;
	f = fopen(o.log, "a");
	/* one write: several peers append to one log */
	if (!f || fwrite(whole, 1, (size_t)len, f) != (size_t)len || fclose(f))
		die("%s", o.log);
}

static void truth_begin(struct truth *t, const char *role, const char *proto, int fd)
{
	struct sockaddr_storage local = {0}, remote = {0};
	socklen_t len = sizeof(local);
	char comm[64];
	int n;

	if (getsockname(fd, (void *)&local, &len))
		die("getsockname");
	len = sizeof(remote);
	if (getpeername(fd, (void *)&remote, &len))
		remote.ss_family = AF_UNSPEC;
	n = snprintf(t->line, sizeof(t->line), "role=%s pid=%d tid=%ld uid=%d netns=%lu comm=%s proto=%s", role, getpid(),
		     syscall(SYS_gettid), (int)getuid(), netns_inode(), comm_word(comm, sizeof(comm)), proto);
	n += end_text(t->line + n, sizeof(t->line) - (size_t)n, 'l', &local);
	n += end_text(t->line + n, sizeof(t->line) - (size_t)n, 'r', &remote);
	if (local.ss_family == AF_INET6 && !o.dual)
		snprintf(t->line + n, sizeof(t->line) - (size_t)n, " v6only=1");
	t->tx = 0;
	t->rx = 0;
	truth_write(t->line);
}

static void truth_end(const struct truth *t)
{
	char line[sizeof(t->line) + 64];

	snprintf(line, sizeof(line), "%s tx=%ld rx=%ld", t->line, t->tx, t->rx);
	truth_write(line);
}

/* ---- sockets ---- */

static socklen_t parse_addr(const char *text, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *v6 = (void *)ss;
	struct sockaddr_in *v4 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	errno = 0;
	die("not an address: %s", text);
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) ==
	       ETH_ALEN;
}

static void set_int(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		die("setsockopt(%d, %d)", level, name);
}

/* Options that make the transport header start elsewhere than a careless parser thinks. */
static void set_exthdr(int fd, int family)
{
	/* RFC 791 section 3.1: three no-operations and the end of the list */
	static const uint8_t ip_opts[] = {1, 1, 1, 0};
	/* RFC 8200 section 4.2: next header (filled in by the kernel), length 0 (8 bytes), PadN of 4 */
	static const uint8_t v6_opts[] = {0, 0, 1, 4, 0, 0, 0, 0};

	if (family == AF_INET && setsockopt(fd, IPPROTO_IP, IP_OPTIONS, ip_opts, sizeof(ip_opts)))
		die("IP_OPTIONS");
	if (family == AF_INET6 && (setsockopt(fd, IPPROTO_IPV6, IPV6_HOPOPTS, v6_opts, sizeof(v6_opts)) ||
				   setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, v6_opts, sizeof(v6_opts))))
		die("IPv6 options");
}

static int open_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (family == AF_INET6)
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, !o.dual);
	if (o.exthdr)
		set_exthdr(fd, family);
	return fd;
}

/* A port that is asked for may be one of a connection just closed. One the kernel chooses must be nobody else's, and UDP
 * sockets that agree to share may be given the same. */
static void bind_to(int fd, const char *addr, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(addr, port, &ss);

	if (port)
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (void *)&ss, len))
		die("bind %s port %d", addr, port);
}

static int open_server(int type)
{
	struct sockaddr_storage ss;
	int fd;

	parse_addr(o.addr, o.port, &ss);
	fd = open_socket(ss.ss_family, type);
	bind_to(fd, o.addr, o.port);
	return fd;
}

/* Bound where --bind asks for it; `to` is where it is meant to go. */
static int open_client(int type, struct sockaddr_storage *to, socklen_t *to_len)
{
	int fd;

	*to_len = parse_addr(o.addr, o.port, to);
	fd = open_socket(to->ss_family, type);
	if (o.bind || o.bind_port)
		bind_to(fd, o.bind ? o.bind : to->ss_family == AF_INET ? "0.0.0.0" : "::", o.bind_port);
	return fd;
}

static uint8_t *pattern(void)
{
	uint8_t *data = malloc((size_t)o.bytes + 1);

	if (!data)
		die("%ld bytes", o.bytes);
	for (long i = 0; i < o.bytes; i++)
		data[i] = (uint8_t)('a' + i % 26);
	return data;
}

static void send_all(int fd, const uint8_t *data, long len, struct truth *t)
{
	for (long done = 0; done < len;) {
		ssize_t n = send(fd, data + done, (size_t)(len - done), MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		done += n;
	}
	t->tx += len;
}

/* ---- TCP ---- */

/* Echoes until the other end closes. */
static void serve_stream(int fd)
{
	uint8_t data[65536];
	struct truth t;
	ssize_t n;

	truth_begin(&t, "tcp-accepted", "tcp", fd);
	while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		t.rx += n;
		if (!o.oneway)
			send_all(fd, data, n, &t);
	}
	if (n < 0)
		die("recv");
	truth_end(&t);
	close(fd);
}

static void tcp_server(void)
{
	int fd = open_server(SOCK_STREAM);
	struct truth t;

	if (listen(fd, 128))
		die("listen");
	truth_begin(&t, "tcp-listen", "tcp", fd);
	say_ready();
	wait_for_file(o.accept_wait);
	for (long i = 0; !o.conns || i < o.conns; i++) {
		int conn = accept(fd, NULL, NULL);

		if (conn < 0)
			die("accept");
		serve_stream(conn);
	}
	close(fd);
}

static void receive_echo(int fd, const uint8_t *want, struct truth *t)
{
	uint8_t data[65536];

	for (long done = 0; done < o.bytes;) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n <= 0 || done + n > o.bytes || memcmp(data, want + done, (size_t)n))
			die("connection to %s port %d: bad echo", o.addr, o.port);
		done += n;
		t->rx += n;
	}
}

/* The other end closes after us and we wait for that: when we are gone, all the flow's data has been sent. */
static void finish_stream(int fd)
{
	char rest;

	if (shutdown(fd, SHUT_WR))
		die("shutdown");
	if (recv(fd, &rest, 1, 0))
		die("connection to %s port %d: data after the end", o.addr, o.port);
	close(fd);
}

static void tcp_client(void)
{
	uint8_t *data = pattern();
	struct sockaddr_storage to;
	struct truth t;
	socklen_t len;

	for (long i = 0; i < o.conns; i++) {
		int fd = open_client(SOCK_STREAM, &to, &len);

		if (connect(fd, (void *)&to, len))
			die("connect to %s port %d", o.addr, o.port);
		truth_begin(&t, "tcp-client", "tcp", fd);
		for (long r = 0; r < o.repeat; r++) {
			send_all(fd, data, o.bytes, &t);
			if (i == 0 && r == 0)
				say_ready();
			if (!o.oneway)
				receive_echo(fd, data, &t);
			pause_ns(o.interval_ms * 1000000);
		}
		truth_end(&t);
		finish_stream(fd);
	}
	free(data);
}

/* ---- UDP ---- */

static void udp_server(void)
{
	int fd = open_server(SOCK_DGRAM);
	struct sockaddr_storage from;
	uint8_t data[65536];
	struct truth t;

	truth_begin(&t, "udp-server", "udp", fd);
	say_ready();
	for (long i = 0; !o.repeat || i < o.repeat; i++) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (void *)&from, &len);

		if (n < 0)
			die("recvfrom");
		t.rx += n;
		if (o.oneway)
			continue;
		if (sendto(fd, data, (size_t)n, 0, (void *)&from, len) != n)
			die("sendto");
		t.tx += n;
	}
	truth_end(&t);
	close(fd);
}

static void udp_exchange(int fd, const uint8_t *data, const void *to, socklen_t len, struct truth *t)
{
	uint8_t echo[65536];

	if (sendto(fd, data, (size_t)o.bytes, 0, o.connected ? NULL : to, o.connected ? 0 : len) != o.bytes)
		die("send to %s port %d", o.addr, o.port);
	t->tx += o.bytes;
	if (o.oneway)
		return;
	if (recv(fd, echo, sizeof(echo), 0) != o.bytes || memcmp(echo, data, (size_t)o.bytes))
		die("%s port %d: bad echo", o.addr, o.port);
	t->rx += o.bytes;
}

static void udp_client(void)
{
	uint8_t *data = pattern();
	struct sockaddr_storage to;
	struct truth t;
	socklen_t len;
	int fd = open_client(SOCK_DGRAM, &to, &len);

	if (o.connected && connect(fd, (void *)&to, len))
		die("connect to %s port %d", o.addr, o.port);
	for (long r = 0; r < o.repeat; r++) {
		udp_exchange(fd, data, &to, len, &t);
		/* an unbound socket has its port from the first send on */
		if (r == 0) {
			truth_begin(&t, "udp-client", "udp", fd);
			t.tx = o.bytes;
			t.rx = o.oneway ? 0 : o.bytes;
			say_ready();
		}
		pause_ns(o.interval_ms * 1000000);
	}
	truth_end(&t);
	close(fd);
	free(data);
}

/* ---- frames made by hand ---- */

static uint16_t ip_checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* IPv4, UDP and o.bytes of payload from `own` to `to`, at `out`. The UDP checksum is left out (RFC 768: zero). */
static size_t udp_packet(uint8_t *out, const struct sockaddr_in *own, const struct sockaddr_in *to)
{
	uint16_t total = (uint16_t)(sizeof(struct iphdr) + sizeof(struct udphdr) + (size_t)o.bytes);
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .tot_len = htons(total)};
	struct udphdr udp = {.source = own->sin_port, .dest = to->sin_port};

	ip.saddr = own->sin_addr.s_addr;
	ip.daddr = to->sin_addr.s_addr;
	ip.check = ip_checksum(&ip, sizeof(ip));
	udp.len = htons((uint16_t)(sizeof(udp) + (size_t)o.bytes));
	memcpy(out, &ip, sizeof(ip));
	memcpy(out + sizeof(ip), &udp, sizeof(udp));
	memset(out + sizeof(ip) + sizeof(udp), 'v', (size_t)o.bytes);
	return total;
}

static size_t link_header(uint8_t *out, const uint8_t *source_mac)
{
	uint16_t words[3] = {htons(ETHERTYPE_VLAN), htons(o.vlan), htons(ETHERTYPE_IP)};
	size_t n = 2 * ETH_ALEN, skip = o.vlan ? 0 : 2;

	memcpy(out, o.dest_mac, ETH_ALEN);
	memcpy(out + ETH_ALEN, source_mac, ETH_ALEN);
	memcpy(out + n, words + skip, sizeof(words) - skip * sizeof(words[0]));
	return n + sizeof(words) - skip * sizeof(words[0]);
}

/* By a socket of this namespace: /sys shows the one it was mounted in. */
static void own_mac(int fd, uint8_t *mac)
{
	struct ifreq req = {0};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", o.iface);
	if (ioctl(fd, SIOCGIFHWADDR, &req))
		die("%s", o.iface);
	memcpy(mac, req.ifr_hwaddr.sa_data, ETH_ALEN);
}

/* Frames with an 802.1Q tag in them, by a packet socket; a UDP socket of ours holds their tuple. */
static void send_raw(void)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_halen = ETH_ALEN};
	struct sockaddr_storage to, own;
	uint8_t frame[2048], mac[ETH_ALEN];
	socklen_t len, own_len = sizeof(own);
	int udp = open_client(SOCK_DGRAM, &to, &len);
	int raw = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	struct truth t;
	size_t n;

	if (raw < 0 || connect(udp, (void *)&to, len) || getsockname(udp, (void *)&own, &own_len))
		die("sockets for %s port %d", o.addr, o.port);
	own_mac(raw, mac);
	ll.sll_ifindex = (int)if_nametoindex(o.iface);
	n = link_header(frame, mac);
	n += udp_packet(frame + n, (void *)&own, (void *)&to);
	truth_begin(&t, "send-raw", "udp", udp);
	for (long r = 0; r < o.repeat; r++) {
		if (sendto(raw, frame, n, 0, (void *)&ll, sizeof(ll)) != (ssize_t)n)
			die("send by %s", o.iface);
		t.tx += o.bytes;
	}
	truth_end(&t);
	close(raw);
	close(udp);
}

/* ---- an L3 link ---- */

/* Made in the namespace this thread is in. */
static int open_tun(void)
{
	struct ifreq req = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", o.iface);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &req))
		die("/dev/net/tun: %s", o.iface);
	return fd;
}

static void carry_packet(int from, int to)
{
	uint8_t packet[65536];
	ssize_t n = read(from, packet, sizeof(packet));

	/* a device that is down takes and gives nothing; that is no end */
	if (n > 0 && write(to, packet, (size_t)n) < 0 && errno != EIO)
		die("tun write");
}

/* A device without link-layer header in this namespace and one in --peer-netns, and a cable between them. */
static void tun_link(void)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	int ns = open(o.peer_netns, O_RDONLY | O_CLOEXEC);

	fds[0].fd = open_tun();
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die("%s", o.peer_netns);
	fds[1].fd = open_tun();
	say_ready();
	while (poll(fds, 2, -1) >= 0) {
		for (int i = 0; i < 2; i++) {
			if (fds[i].revents)
				carry_packet(fds[i].fd, fds[!i].fd);
		}
	}
	die("poll");
}

/* ---- command line ---- */

static const struct role {
	const char *name;
	void (*run)(void);
	const char *what;
} roles[] = {
	{"tcp-server", tcp_server, "listen, accept --conns connections one after the other, echo each to its end"},
	{"tcp-client", tcp_client, "make --conns connections, --repeat exchanges of --bytes in each"},
	{"udp-server", udp_server, "echo --repeat datagrams"},
	{"udp-client", udp_client, "send --repeat datagrams of --bytes and await their echoes"},
	{"send-raw", send_raw, "send --repeat UDP frames tagged --vlan through --iface to --dest-mac"},
	{"tun-link", tun_link, "join tun devices named --iface, here and in namespace --peer-netns"},
};

#define OPT_TEXT(n, field) {n, 's', &o.field}
#define OPT_LONG(n, field) {n, 'l', &o.field}
#define OPT_PORT(n, field) {n, 'p', &o.field}
#define OPT_FLAG(n, field) {n, 'f', &o.field}
#define OPT_MAC(n, field) {n, 'm', &o.field}

static const struct opt {
	const char *name;
	char type;
	void *value;
} options[] = {
	OPT_TEXT("addr", addr), OPT_TEXT("bind", bind), OPT_TEXT("name", name), OPT_TEXT("log", log),
	OPT_TEXT("ready", ready), OPT_TEXT("wait", wait), OPT_TEXT("accept-wait", accept_wait),
	OPT_TEXT("iface", iface), OPT_TEXT("peer-netns", peer_netns), OPT_MAC("dest-mac", dest_mac), OPT_PORT("port", port),
	OPT_PORT("bind-port", bind_port), OPT_PORT("vlan", vlan), OPT_LONG("bytes", bytes),
	OPT_LONG("repeat", repeat), OPT_LONG("conns", conns), OPT_LONG("interval-ms", interval_ms),
	OPT_LONG("timeout", timeout_s), OPT_LONG("uid", uid), OPT_FLAG("connected", connected),
	OPT_FLAG("dual", dual), OPT_FLAG("oneway", oneway), OPT_FLAG("thread", thread), OPT_FLAG("exthdr", exthdr),
};
#define OPTION_CNT (sizeof(options) / sizeof(options[0]))

static void usage(FILE *out)
{
	fprintf(out, "usage: peer ROLE [--option value]...\n");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		fprintf(out, "  %-12s %s\n", roles[i].name, roles[i].what);
	fprintf(out, "options:");
	for (size_t i = 0; i < OPTION_CNT; i++)
		fprintf(out, " --%s%s", options[i].name, options[i].type == 'f' ? "" : "=");
	fprintf(out, "\n");
}

static void set_option(const struct opt *opt, const char *arg)
{
	char *end = NULL;
	long n = opt->type == 'l' || opt->type == 'p' ? strtol(arg, &end, 10) : 0;

	if (end && (end == arg || *end || n < 0 || (opt->type == 'p' && n > UINT16_MAX)))
		goto bad;
	switch (opt->type) {
	case 's': *(const char **)opt->value = arg; break;
	case 'l': *(long *)opt->value = n; break;
	case 'p': *(uint16_t *)opt->value = (uint16_t)n; break;
	case 'f': *(bool *)opt->value = true; break;
	case 'm':
		if (!parse_mac(arg, opt->value))
			goto bad;
		break;
	}
	return;
bad:
	errno = 0;
	die("--%s: bad value '%s'", opt->name, arg);
}

static void parse_options(int argc, char **argv)
{
	struct option longs[OPTION_CNT + 1] = {{0}};
	int c, which = 0;

	for (size_t n = 0; n < OPTION_CNT; n++) {
		longs[n].name = options[n].name;
		longs[n].has_arg = options[n].type == 'f' ? no_argument : required_argument;
	}
	while ((c = getopt_long(argc, argv, "", longs, &which)) != -1) {
		if (c == '?')
			exit(2);
		set_option(&options[which], optarg);
	}
	errno = 0;
	if (optind < argc)
		die("'%s' is not an option", argv[optind]);
}

static void *run_in_thread(void *arg)
{
	const struct role *role = arg;
	char name[16];

	snprintf(name, sizeof(name), "%.12s-t", o.name ? o.name : "peer");
	prctl(PR_SET_NAME, name);
	role->run();
	return NULL;
}

static void run_role(const struct role *role)
{
	pthread_t thread;

	if (o.name)
		prctl(PR_SET_NAME, o.name);
	if (o.uid >= 0 && setresuid((uid_t)o.uid, (uid_t)o.uid, (uid_t)o.uid))
		die("uid %ld", o.uid);
	alarm((unsigned int)o.timeout_s);
	wait_for_file(o.wait);
	if (!o.thread) {
		role->run();
		return;
	}
	errno = pthread_create(&thread, NULL, run_in_thread, (void *)role);
	if (errno || pthread_join(thread, NULL))
		die("thread");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "help")) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(name, roles[i].name))
			continue;
		parse_options(argc - 1, argv + 1);
		run_role(&roles[i]);
		return 0;
	}
	usage(stderr);
	return 2;
}
