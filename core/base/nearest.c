// SPDX-License-Identifier: Apache-2.0
#include "core/base/nearest.h"

enum { NEAREST_MAX = 31 };

/* Optimal string alignment; both at most NEAREST_MAX long. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned char d[NEAREST_MAX + 1][NEAREST_MAX + 1];
	size_t i, j;

	for (i = 0; i <= a_len; i++)
		d[i][0] = (unsigned char)i;
	for (j = 0; j <= b_len; j++)
		d[0][j] = (unsigned char)j;
	for (i = 1; i <= a_len; i++)
		for (j = 1; j <= b_len; j++) {
			int least = MIN(d[i - 1][j], d[i][j - 1]) + 1;

			least = MIN(least, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				least = MIN(least, d[i - 2][j - 2] + 1);
			d[i][j] = (unsigned char)least;
		}
	return d[a_len][b_len];
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t len = strlen(candidate), d;

	if (n->len > NEAREST_MAX || len > NEAREST_MAX || n->len < 2)
		return;
	d = distance(n->word, n->len, candidate, len);
	if (d > MAX(1, n->len / 3) || (n->best && d >= n->distance))
		return;
	n->best = candidate;
	n->distance = d;
}
