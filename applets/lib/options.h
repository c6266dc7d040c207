// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_OPTIONS_H
#define RLC_OPTIONS_H

#include "applets/lib/applet.h"

/* The rows that every table has without saying so. */
extern const struct option_row options_of_all[];

static inline bool option_row_is_end(const struct option_row *row)
{
	return !row->letter && !row->word && !row->help;
}

/* True where the option cannot do without an argument. */
static inline bool option_needs_arg(const struct option_row *row)
{
	return row->arg && *row->arg != '[';
}

#endif
