/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/build_cc.c src/source/bundle.c src/source/bundle_file.c src/base/buf.c src/base/log.c src/base/patient.c src/base/clock.c
 * -lmd */
/* The compiler is a shell script here: what it does wrong, and what is made of that. */
#include "source/build_int.h"
#include "stderr.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char build_bpf_text[] = "the text\n";
const size_t build_bpf_text_len = sizeof(build_bpf_text) - 1;

/* In place of kheaders/, which this module only asks for a name. */
const char *kheaders_kind_name(enum kheaders_kind kind)
{
	return kind == KHEADERS_BTF ? "BTF" : "?";
}

static const struct kheaders headers = {.kind = KHEADERS_BTF, .build = "/tree", .release = "6.1.0"};
static char *const flags[] = {"-DA=1", "-DB=two words", NULL};

static char top[] = "/tmp/test_build_cc.XXXXXX";
static char words[4096];
static struct buf compiler_words = BUF_INIT;

static void in_top(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", top, name);
}

static void make_script(char path[PATH_MAX], const char *body)
{
	int fd;

	in_top(path, "pidtap-cc");
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	dprintf(fd, "#!/bin/sh\n%s\n", body);
	close(fd);
}

static int run(const char *path, const char *env_source, struct bundle *out)
{
	const struct build_cc cc = {.path = path, .kh = &headers, .env_source = env_source, .flags = flags};
	struct caught c;
	int err;

	catch_begin(&c, stderr);
	buf_reset(&compiler_words);
	err = build_cc_run(&cc, out, &compiler_words);
	if (err == -ENOEXEC)
		build_cc_report(&headers, &compiler_words);
	catch_end(&c, words, sizeof(words));
	return err;
}

static int run_script(const char *body, struct bundle *out)
{
	char path[PATH_MAX];

	make_script(path, body);
	return run(path, "/tree", out);
}

static void test_good(void)
{
	static struct bpf_insn insns[] = {{BPF_JMP | BPF_EXIT}};
	static struct bundle_prog progs[] = {{"tc_egress", insns, 1, NULL, 0}};
	const struct bundle sample = {.license = "GPL", .progs = progs, .prog_cnt = 1};
	char body[3 * PATH_MAX], path[PATH_MAX], expect[PATH_MAX];
	struct bundle b = {0};

	in_top(path, "bundle");
	in_top(expect, "got");
	tap_is_int(bundle_write(path, &sample), 0, "a bundle to hand out");
	snprintf(body, sizeof(body), "{ printf '<%%s>' \"$@\"; cat; } >%s; echo chatter >&2; cat %s", expect,
		path);
	tap_is_int(run_script(body, &b), 0, "a compiler that works");
	tap_is_str(words, "", "what it says besides is not shown");
	tap_ok(bundle_find_prog(&b, "tc_egress"), "its bundle");
	bundle_free(&b);
	snprintf(body, sizeof(body), "cmp -s %s - <<'E'\n%s\nE\n[ $? = 0 ] || exit 1; cat %s", expect,
		"<--text><-><--out><-><--kernel-source></tree><--><-DA=1><-DB=two words>the text", path);
	tap_is_int(run_script(body, &b), 0, "got its arguments and the text: %s", words);
	bundle_free(&b);
	snprintf(
		body, sizeof(body), "[ \"$*\" = '--text - --out - -- -DA=1 -DB=two words' ] && cat %s", path);
	make_script(expect, body);
	tap_is_int(run(expect, NULL, &b), 0, "no --kernel-source where libbcc finds the tree by itself: %s",
		words);
	bundle_free(&b);
	unlink(path);
	in_top(path, "got");
	unlink(path);
}

static void test_bad(void)
{
	struct bundle b = {0};
	char path[PATH_MAX];

	tap_is_int(run_script("echo 'probes/tc.c:9:2: error: x' >&2; exit 1", &b), -ENOEXEC, "a text in error");
	tap_is_str(words,
		"pidtap: cannot compile the BPF text against BTF in /tree (release 6.1.0): the compiler's "
		"words:\n"
		"    probes/tc.c:9:2: error: x\n",
		"one sentence, and the compiler's words below");
	tap_is_int(run_script("echo 'could not open bpf map: m, error: Operation not permitted' >&2; exit 1", &b),
		-EIO, "an error that no other headers mend");
	tap_ok(strstr(words, "BPF text against BTF") && strstr(words, "    could not open"), "is printed at once");
	/* More on both sides than a pipe holds. */
	tap_is_int(run_script("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 1", &b), -EIO,
		"much of both");
	tap_is_int(run_script("echo nonsense", &b), -EINVAL, "not a bundle");
	tap_ok(strstr(words, "not a bundle"), "and said so: %s", words);
	tap_is_int(run_script("kill -SEGV $$", &b), -EIO, "a crash");
	tap_ok(strstr(words, "killed by signal 11"), "with its signal: %s", words);
	tap_is_int(run_script("kill -KILL $$", &b), -EIO, "killed for its memory");
	tap_ok(strstr(words, "MB of memory"), "with a hint: %s", words);
	tap_is_int(run_script("kill -INT $$", &b), -EINTR, "interrupted");
	tap_is_int(run_script("echo libbcc.so.0: no such file >&2; exit 127", &b), -EIO, "cannot be loaded");
	tap_ok(strstr(words, "is libbcc installed?") && strstr(words, "    libbcc.so.0"),
		"with the loader's words");
	in_top(path, "none");
	tap_is_int(run(path, NULL, &b), -EIO, "is not there");
	tap_ok(strstr(words, "No such file"), "with the reason: %s", words);
	tap_is_int(run("", NULL, &b), -ENOENT, "was not found");
	tap_ok(strstr(words, "--bundle"), "with a remedy: %s", words);
}

/* The capture blocks signals to read them from a descriptor: the compiler must not inherit that. */
static void test_signals(void)
{
	struct bundle b = {0};
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	tap_is_int(run_script("kill -TERM $$; exit 1", &b), -EINTR, "signals reach it");
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void test_find(void)
{
	struct build_opts opts = {.compiler = "/some/where"};
	char path[PATH_MAX], script[PATH_MAX], list[2 * PATH_MAX];

	make_script(script, "");
	tap_is_int(build_cc_find(&opts, path), 0, "the one that was asked for");
	tap_is_str(path, "/some/where", "as it was named");
	opts.compiler = NULL;
	snprintf(list, sizeof(list), "relative::/nowhere:%s:/usr/bin", top);
	setenv("PATH", list, 1);
	tap_is_int(build_cc_find(&opts, path), 0, "in PATH");
	tap_is_str(path, script, "found");
	chmod(script, 0600);
	tap_is_int(build_cc_find(&opts, path), -ENOENT, "not one that cannot be run");
	tap_is_str(path, "", "and no path then");
	chmod(script, 0700);
	tap_ok(!chdir(top), "beside us");
	setenv("PATH", ".::", 1);
	tap_is_int(build_cc_find(&opts, path), -ENOENT, "never in the current directory");
	unlink(script);
	tap_ok(!rmdir(top), "nothing is left behind");
}

int main(void)
{
	tap_ok(mkdtemp(top), "a place");
	test_good();
	test_bad();
	test_signals();
	test_find();
	buf_free(&compiler_words);
	return tap_done();
}
