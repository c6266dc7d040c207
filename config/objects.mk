# SPDX-License-Identifier: Apache-2.0
# For build-lib: an archive LIB out of SOURCES (.c, .S, .asm), for libraries whose own
# build system would do more than that. Those named in SMALL are optimised for size.
objects := $(addsuffix .o,$(basename $(sort $(SOURCES))))

$(LIB): $(objects)
	rm -f $@
	ar rcsD $@ $(objects)

%.o: %.c
	$(CC) $(CFLAGS) $(if $(filter $(notdir $*),$(SMALL)),-Os) -c -o $@ $<
%.o: %.S
	$(CC) $(CFLAGS) -c -o $@ $<
%.o: %.asm
	nasm $(NASMFLAGS) -o $@ $<
