// SPDX-License-Identifier: Apache-2.0
#include "testsuite/fuzz/fuzz.h"

#define BLOCK 512

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room) __attribute__((weak));

static void set_checksum(uint8_t *block)
{
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += block[i];
	for (size_t i = 6; i--; sum >>= 3)
		block[148 + i] = (uint8_t)('0' + (sum & 7));
	block[154] = 0;
}

bool tar_is_header(const uint8_t *block)
{
	return memcmp(block + 257, "ustar", 5) == 0;
}

void tar_set_checksums(uint8_t *data, size_t size)
{
	for (size_t i = 0; i + BLOCK <= size; i += BLOCK)
		if (tar_is_header(data + i))
			set_checksum(data + i);
}

size_t tar_mutate(uint8_t *data, size_t size, size_t room)
{
	size = LLVMFuzzerMutate(data, size, room);
	tar_set_checksums(data, size);
	return size;
}
