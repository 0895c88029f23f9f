/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/model/container.c */
#include "model/container.h"
#include "tap.h"

#include <stdlib.h>

#define ID "4f5c1a0b9e8d7c6b5a49382716051423f0e1d2c3b4a5968778695a4b3c2d1e0f"
#define SHORT_ID "4f5c1a0b9e8d"
#define OTHER_ID "aaaaaaaaaaaabbbbbbbbbbbbccccccccccccddddddddddddeeeeeeeeeeeeffff"

static const struct {
	const char *what, *path, *id; /* "": none */
} paths[] = {
	{"docker, cgroupfs driver", "/docker/" ID, SHORT_ID},
	{"docker, systemd driver", "/system.slice/docker-" ID ".scope", SHORT_ID},
	{"podman as root", "/machine.slice/libpod-" ID ".scope/container", SHORT_ID},
	{"podman of a user", "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", SHORT_ID},
	{"podman's monitor is outside", "/machine.slice/libpod-conmon-" ID ".scope", ""},
	{"containerd below kubelet, cgroupfs driver", "/kubepods/besteffort/pod0b1c2d3e-0000-4000-8000-0123456789ab/" ID, SHORT_ID},
	{"containerd below kubelet, systemd driver",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0b1c.slice/cri-containerd-" ID ".scope", SHORT_ID},
	{"containerd's own form", "/system.slice/containerd.service/kubepods-besteffort-pod0b1c.slice:cri-containerd:" ID, SHORT_ID},
	{"cri-o", "/kubepods.slice/kubepods-pod0b1c.slice/crio-" ID ".scope", SHORT_ID},
	{"cri-o's monitor", "/kubepods.slice/kubepods-pod0b1c.slice/crio-conmon-" ID ".scope", ""},
	{"a task of ECS", "/ecs/0123456789abcdef0123456789abcdef/" ID, SHORT_ID},
	{"docker in docker: the inner one", "/docker/" OTHER_ID "/docker/" ID, SHORT_ID},
	{"a service inside", "/docker/" ID "/system.slice/cron.service", SHORT_ID},
	{"lxc", "/lxc.payload.web/system.slice", "web"},
	{"lxc below 4.0", "/lxc/web", "web"},
	{"lxc's monitor", "/lxc.monitor.web", ""},
	{"nspawn as a service", "/machine.slice/systemd-nspawn@deb.service/payload", "deb"},
	{"nspawn, registered", "/machine.slice/machine-web\\x2d1.scope", "web-1"},
	{"no name", "/machine.slice/machine-.scope", ""},
	{"lxc's own directory", "/lxc", ""},
	{"the root", "/", ""},
	{"a login", "/user.slice/user-0.slice/session-3.scope", ""},
	{"63 digits", "/docker/4f5c1a0b9e8d7c6b5a49382716051423f0e1d2c3b4a5968778695a4b3c2d1e0", ""},
	{"65 digits", "/docker/" ID "0", ""},
	{"an end in an escape", "/machine.slice/machine-a\\x2.scope", "a\\x2"},
	{"nothing", "", ""},
};

static void is_text(char *got, const char *want, const char *what)
{
	tap_is_str(got ? got : "", want, "%s", what);
	free(got);
}

static void test_paths(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		is_text(container_from_path(paths[i].path), paths[i].id, paths[i].what);
}

#define V1 "5:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/\n"

static void test_files(void)
{
	is_text(container_from_cgroups("0::/docker/" ID "\n"), SHORT_ID, "the unified hierarchy");
	is_text(container_from_cgroups(V1), SHORT_ID, "the old ones");
	is_text(container_from_cgroups("0::/init.scope\n"), "", "no container");
	is_text(container_from_cgroups("0::/../../docker/" ID), SHORT_ID, "seen from a container, without a last newline");
	is_text(container_from_cgroups("1:a\n2"), "", "lines that are none");
	is_text(container_from_cgroups(""), "", "an empty file");
	is_text(container_cgroup("0::/a/b:c\n"), "/a/b:c", "the path of the unified hierarchy");
	is_text(container_cgroup(V1), "/docker/" ID, "systemd's where that is only mounted");
	is_text(container_cgroup("0::/a\n1:name=systemd:/b\n"), "/a", "not where it is used");
	is_text(container_cgroup("0::/\n1:name=systemd:/\n"), "/", "the root");
	is_text(container_cgroup("5:memory:/c\n"), "", "no such hierarchy");
}

int main(void)
{
	test_paths();
	test_files();
	return tap_done();
}
