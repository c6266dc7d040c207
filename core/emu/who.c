// SPDX-License-Identifier: Apache-2.0
#include "core/emu/who.h"

int who_may_chown(const struct call *c, const struct stat *st, uint32_t uid, uint32_t gid)
{
	(void)c;
	(void)st;
	(void)uid;
	(void)gid;
	return 0;
}
