/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli_number.h"
#include "base/clock.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* strtoull takes signs and spaces; numbers here begin with a digit. */
static int read_digits(const char *text, const char **end, uint64_t *out)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &stop, 10);
	*end = stop;
	return errno ? -EINVAL : 0;
}

int cli_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *end;
	uint64_t v;

	if (!read_digits(text, &end, &v) && !*end && v >= min && v <= max) {
		*out = v;
		return 0;
	}
	if (max == UINT64_MAX)
		log_err("%s %s: not a whole number of at least %" PRIu64, option, text, min);
	else
		log_err("%s %s: not a whole number from %" PRIu64 " to %" PRIu64, option, text, min, max);
	return -EINVAL;
}

static unsigned int suffix_shift(const char *end)
{
	static const char units[] = "kKmMgG";

	for (unsigned int i = 0; *end && i < sizeof(units) - 1; i++)
		if (*end == units[i] && !end[1])
			return 10 * (i / 2 + 1);
	return 0;
}

int cli_size(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *out_bytes)
{
	const char *end;
	uint64_t v;

	if (!read_digits(text, &end, &v)) {
		unsigned int shift = suffix_shift(end);

		if ((!*end || shift) && v <= max >> shift && v << shift >= min) {
			*out_bytes = v << shift;
			return 0;
		}
	}
	log_err("%s %s: not a size from %" PRIu64 " to %" PRIu64 " bytes (K, M and G are understood)", option, text, min,
		max);
	return -EINVAL;
}

/* Digits behind the point, as ns; more than nine are cut. */
static int read_fraction(const char *text, uint64_t *out_ns)
{
	uint64_t unit = NSEC_PER_SEC;

	*out_ns = 0;
	if (!*text)
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++) {
		unit /= 10;
		*out_ns += (uint64_t)(*text - '0') * unit;
	}
	return *text ? -EINVAL : 0;
}

int cli_seconds(const char *option, const char *text, uint64_t max_s, uint64_t *out_ns)
{
	uint64_t whole, fraction = 0;
	const char *end;
	int err = read_digits(text, &end, &whole);

	if (!err && *end)
		err = *end == '.' ? read_fraction(end + 1, &fraction) : -EINVAL;
	if (!err && (whole < max_s || (whole == max_s && !fraction)) && (whole || fraction)) {
		*out_ns = whole * NSEC_PER_SEC + fraction;
		return 0;
	}
	log_err("%s %s: not a number of seconds of more than 0 and at most %" PRIu64, option, text, max_s);
	return -EINVAL;
}
