/* SPDX-License-Identifier: BSD-2-Clause */
#include "kheaders/kheaders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OS_RELEASE_BYTES_MAX 65536

/* What brings /lib/modules/R/build. `id` is a word of ID or ID_LIKE in os-release(5): derivatives name their
 * parents in the latter. */
static const struct {
	const char *id;
	const char *command;
	bool versioned; /* R follows; the others package the headers of their newest kernel only */
} commands[] = {
	{"debian", "apt-get install linux-headers-", true},
	{"ubuntu", "apt-get install linux-headers-", true},
	{"fedora", "dnf install kernel-devel-", true},
	{"rhel", "dnf install kernel-devel-", true},
	{"amzn", "dnf install kernel-devel-", true},
	{"suse", "zypper install kernel-default-devel", false},
	{"arch", "pacman -S linux-headers", false},
	{"alpine", "apk add linux-lts-dev", false},
};

/* Is `word` one of the words of the line "KEY=..." in `text`? The value may be in quotes. */
static bool value_has_word(const char *text, const char *key, const char *word)
{
	size_t word_len = strlen(word);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *at, *end;

		line += *line == '\n';
		if (strncmp(line, key, strlen(key)))
			continue;
		end = line + strcspn(line, "\n");
		for (at = line + strlen(key); at < end; at += strcspn(at, " \"'\n")) {
			at += strspn(at, " \"'");
			if (!strncmp(at, word, word_len) && strchr(" \"'\n", at[word_len]))
				return true;
		}
	}
	return false;
}

void kheaders_remedy(const struct sysroot *root, const char *release, char *out, size_t size)
{
	char *text = NULL;

	snprintf(out, size, "install the headers package of this kernel");
	if (sysroot_read(root, "/etc/os-release", OS_RELEASE_BYTES_MAX, &text, NULL))
		return;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!value_has_word(text, "ID=", commands[i].id) &&
			!value_has_word(text, "ID_LIKE=", commands[i].id))
			continue;
		snprintf(out, size, "%s%s", commands[i].command, commands[i].versioned ? release : "");
		break;
	}
	free(text);
}
