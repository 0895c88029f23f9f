/* SPDX-License-Identifier: BSD-2-Clause */
/* links: src/source/tls_points.c src/source/tls_kdf.c src/source/tls_inner.c src/source/code.c src/source/code_x86.c src/source/code_arm64.c src/source/elf_image.c src/source/elf_import.c
 * src/base/sysroot.c src/base/buf.c -lcapstone -lelf -lz -larchive
 */
/* points FILE: what tls_points_find() says of it, one line: kind, way, where the random is, probes of functions; or why not. */
#include "source/tls_points.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const char *const kinds[] = {"none", "openssl", "gnutls"};
	static const struct sysroot root = {""};
	struct tls_points p;
	int err, fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY);
	err = fd < 0 ? fd : tls_points_find(fd, &root, "/nonexistent", &p);
	if (err) {
		printf("refused: %s\n", strerror(-err));
		return 1;
	}
	printf("%s by %s random %" PRIx64 " functions %zu%s%s %s\n", kinds[p.kind], tls_way_name(p.way), p.random, p.cnt,
		p.inner ? " inner" : "", p.memory ? " memory" : "", p.why);
	return 0;
}
