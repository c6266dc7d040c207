; SPDX-License-Identifier: Apache-2.0
; The two checksums that ISA-L's inflate uses, chosen by processor. ISA-L's own tables of
; choices name every function that it has, so that linking one links all: 60 KB.
default rel
[bits 64]
%include "reg_sizes.asm"

extern adler32_base, adler32_sse, adler32_avx2_4
extern crc32_gzip_refl_base, crc32_gzip_refl_by8, crc32_gzip_refl_by8_02, crc32_gzip_refl_by16_10

%include "multibinary.asm"

section .text
mbin_interface isal_adler32
mbin_dispatch_init5 isal_adler32, adler32_base, adler32_sse, adler32_sse, adler32_avx2_4
mbin_interface crc32_gzip_refl
mbin_dispatch_init_clmul crc32_gzip_refl, crc32_gzip_refl_base, crc32_gzip_refl_by8, \
	crc32_gzip_refl_by8_02, crc32_gzip_refl_by16_10
