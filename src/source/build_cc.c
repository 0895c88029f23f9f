/* SPDX-License-Identifier: BSD-2-Clause */
#include "source/build_int.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "pidtap-cc"
#define EXIT_CANNOT_RUN 127  /* as a shell says it */
#define WORDS_MAX (1u << 20) /* of the compiler; what is beyond is not shown */

static bool usable(char path[PATH_MAX], int len)
{
	struct stat st;

	return len > 0 && len < PATH_MAX && !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static bool find_beside_us(char path[PATH_MAX])
{
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (n <= 0)
		return false;
	own[n] = 0;
	*strrchr(own, '/') = 0; /* the kernel gives an absolute path */
	return usable(path, snprintf(path, PATH_MAX, "%s/" PROGRAM, own));
}

static bool find_in_path(char path[PATH_MAX])
{
	const char *at = getenv("PATH");

	while (at && *at) {
		int len = (int)strcspn(at, ":");

		/* An empty or relative part means the current directory: not for a program that runs as root.
		 */
		if (*at == '/' && usable(path, snprintf(path, PATH_MAX, "%.*s/" PROGRAM, len, at)))
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

int build_cc_find(const struct build_opts *opts, char path[PATH_MAX])
{
	if (opts->compiler) {
		snprintf(path, PATH_MAX, "%s", opts->compiler); /* whatever it is: running it will tell */
		return 0;
	}
	if (find_beside_us(path) || find_in_path(path))
		return 0;
	path[0] = 0;
	return -ENOENT;
}

/* The child's standard descriptors are files in memory, not pipes: nobody has to read one while the other
 * fills. */
struct files {
	int fd[STDERR_FILENO + 1];
};

static int files_open(struct files *f)
{
	static const char *const names[] = {"pidtap-text", "pidtap-bundle", "pidtap-words"};
	size_t done = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		f->fd[i] = memfd_create(names[i], MFD_CLOEXEC);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (f->fd[i] < 0)
			return -errno;
	}
	while (done < build_bpf_text_len) {
		ssize_t n = pwrite(
			f->fd[STDIN_FILENO], build_bpf_text + done, build_bpf_text_len - done, (off_t)done);

		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static void files_close(struct files *f)
{
	for (size_t i = 0; i < sizeof(f->fd) / sizeof(f->fd[0]); i++) {
		if (f->fd[i] >= 0)
			close(f->fd[i]);
	}
}

static int file_read(int fd, size_t max, struct buf *to)
{
	for (;;) {
		uint8_t *at = buf_reserve(to, 65536);
		ssize_t n;

		if (!at)
			return -ENOMEM;
		n = pread(fd, at, 65536, (off_t)to->len);
		if (n < 0)
			return -errno;
		to->len += (size_t)n;
		if (n == 0 || to->len > max)
			return 0;
	}
}

static char **make_argv(const struct build_cc *cc)
{
	const char *fixed[] = {cc->path, "--text", "-", "--out", "-", "--kernel-source", cc->env_source};
	size_t cnt = sizeof(fixed) / sizeof(fixed[0]) - (cc->env_source ? 0 : 2), flag_cnt = 0;
	const char **argv;

	while (cc->flags[flag_cnt])
		flag_cnt++;
	argv = calloc(cnt + flag_cnt + 2, sizeof(*argv));
	if (!argv)
		return NULL;
	memcpy(argv, fixed, cnt * sizeof(*argv));
	argv[cnt++] = "--";
	memcpy(argv + cnt, cc->flags, flag_cnt * sizeof(*argv));
	return (char **)argv; /* execv() does not write to them */
}

static void __attribute__((noreturn)) child(const struct files *f, char **argv, pid_t parent)
{
	sigset_t none;

	/* The capture's signal set-up is not the compiler's: ^C must end it. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (dup2(f->fd[fd], fd) < 0)
			_exit(EXIT_CANNOT_RUN);
	}
	if (getppid() == parent) /* else it was gone before the prctl */
		execv(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(EXIT_CANNOT_RUN);
}

static int spawn(const struct files *f, char **argv, int *status)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(f, argv, parent);
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

void build_cc_report(const struct kheaders *kh, struct buf *words)
{
	log_err("cannot compile the BPF text against %s in %s (release %s): the compiler's words:",
		kheaders_kind_name(kh->kind), kh->build, kh->release[0] ? kh->release : "unknown");
	log_block(buf_cstr(words));
}

/* clang's FILE:LINE:COLUMN: error: ...; without one libbcc failed at something else, a map for example. */
static bool blames_text(const char *words)
{
	return strstr(words, ": error: ") || strstr(words, ": fatal error: ");
}

/* 0 where the child ended well, else says how it did not, but for -ENOEXEC. */
static int judge(const struct build_cc *cc, int status, struct buf *words)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM)) {
		log_err("interrupted while compiling the BPF text");
		return -EINTR;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_CANNOT_RUN) {
		if (blames_text(buf_cstr(words)))
			return -ENOEXEC;
		build_cc_report(cc->kh, words);
		return -EIO;
	}
	if (WIFSIGNALED(status))
		log_err("%s was killed by signal %d (%s)%s", cc->path, WTERMSIG(status),
			strsignal(WTERMSIG(status)),
			WTERMSIG(status) == SIGKILL ? ": it needs about 250 MB of memory" : "");
	else
		log_err("cannot run %s: is libbcc installed? A bundle made elsewhere for this kernel "
			"(--bundle) does without",
			cc->path);
	log_block(buf_cstr(words));
	return -EIO;
}

static int take_bundle(const struct build_cc *cc, int fd, struct bundle *out)
{
	struct buf data = BUF_INIT;
	char why[256];
	int err = file_read(fd, BUNDLE_FILE_MAX, &data);

	if (err)
		snprintf(why, sizeof(why), "%s", strerror(-err));
	else
		err = bundle_decode(data.data, data.len, out, why, sizeof(why));
	if (err)
		log_err("what %s wrote cannot be used: %s; is it of this pidtap?", cc->path, why);
	buf_free(&data);
	return err;
}

int build_cc_run(const struct build_cc *cc, struct bundle *out, struct buf *words)
{
	struct files f = {{-1, -1, -1}};
	char **argv = NULL;
	int status, err;

	if (!cc->path[0]) {
		log_err(PROGRAM " is neither beside pidtap nor in PATH: install it, or use a bundle made "
				"elsewhere for this kernel (--bundle)");
		return -ENOENT;
	}
	argv = make_argv(cc);
	err = argv ? files_open(&f) : -ENOMEM;
	if (!err)
		err = spawn(&f, argv, &status);
	if (!err)
		err = file_read(f.fd[STDERR_FILENO], WORDS_MAX, words);
	if (err) {
		log_err("cannot run %s: %s", cc->path, strerror(-err));
		goto out;
	}
	err = judge(cc, status, words);
	if (err)
		goto out;
	if (words->len)
		log_debug("cc", "%s", buf_cstr(words));
	err = take_bundle(cc, f.fd[STDOUT_FILENO], out);
out:
	files_close(&f);
	free(argv);
	return err;
}
