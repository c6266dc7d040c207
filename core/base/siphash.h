// SPDX-License-Identifier: Apache-2.0
#ifndef RLC_SIPHASH_H
#define RLC_SIPHASH_H

#include "core/base/base.h"

/*
 * SipHash-2-4 (Aumasson, Bernstein) of some numbers and n bytes behind them: under a secret key
 * nobody can choose what collides.
 */
uint64_t siphash(
	const uint64_t key[2], const uint64_t *numbers, size_t count, const void *data, size_t n);

#endif
