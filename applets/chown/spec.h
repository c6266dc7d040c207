// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SPEC_H
#define RLC_SPEC_H

#include "core/owner/names.h"
#include "core/owner/record.h"

/* "OWNER:GROUP" as it was said. */
struct spec {
	struct owner owner;
	char *user, *group; /* owned; the words that were said; NULL where not given */
};

#define SPEC_NONE ((struct spec){{OWNER_KEEP, OWNER_KEEP}, NULL, NULL})

/*
 * Reads "OWNER", "OWNER:", "OWNER:GROUP", ":GROUP", ":" or "" into s, which is freed first.
 * "OWNER.GROUP" is taken too, where nobody has that name as a whole: *dotted says so. A name
 * counts before a number, and a number with "+" before it is no name. NULL, or what is wrong:
 * "user", "group" or "spec".
 */
const char *spec_parse(const struct names *n, const char *text, struct spec *s, bool *dotted);

/* The same for "GROUP" or "" alone. */
const char *spec_parse_group(const struct names *n, const char *text, struct spec *s);

/* Makes the spec of an owner, by names where there are some. */
void spec_name(const struct names *n, struct owner owner, bool group_only, struct spec *s);

void spec_free(struct spec *s);

#endif
