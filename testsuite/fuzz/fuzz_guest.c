// SPDX-License-Identifier: Apache-2.0
/*
 * What a guest hands over as the value of an attribute: the first byte chooses a list of users
 * (system.posix_acl_access) or the capabilities of a file.
 */
#include "core/emu/acl.h"
#include "core/emu/creds.h"
#include "testsuite/fuzz/fuzz.h"

static void list(const uint8_t *data, size_t n)
{
	cleanup_free uint8_t *copy = malloc(n + 1);
	mode_t mode = S_IFREG | S_ISUID | 0640, again = 0;

	MUST(copy);
	memcpy(copy, data, n);
	if (!acl_mode(copy, n, &mode))
		return;
	MUST(acl_is_list(copy, n) && (mode & ~0777u) == (S_IFREG | S_ISUID));
	/* What is changed to a mode has that mode. */
	acl_chmod(copy, n, 0751);
	MUST(acl_mode(copy, n, &again) && again == 0751);
	acl_chmod(copy, n, mode);
	MUST(acl_mode(copy, n, &again) && again == (mode & 0777));
}

static void caps(const uint8_t *data, size_t n)
{
	struct file_caps caps;
	int r = file_caps_read(&caps, data, n, CREDS_LAST_CAP);

	MUST(r == 0 || r == -EINVAL);
	MUST(r < 0 || (caps.permitted >> (CREDS_LAST_CAP + 1)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		list(data + 1, size - 1);
	else
		caps(data + 1, size - 1);
	return 0;
}
