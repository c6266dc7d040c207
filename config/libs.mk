# SPDX-License-Identifier: Apache-2.0
# Third-party libraries: a recipe each in config/recipes, our patches in config/patches.
# Only those that the configuration needs are fetched and built, once for each flavour.

libs-y := protobuf-c
libs-$(CONFIG_PACK) += libarchive
libs-$(CONFIG_ZSTD) += zstd
libs-$(CONFIG_GZIP_FAST) += isa-l libdeflate
libs-$(CONFIG_GZIP_ZLIB) += zlib
libs-$(CONFIG_SHA256) += nettle
libs-$(CONFIG_IMAGE) += jansson
libs-$(CONFIG_BUILD) += libyaml
libs := $(libs-y)

lib-done = $(libs:%=$(LIB)/$1/%.done)
lib-include = $(libs:%=-isystem $(LIB)/$1/%/include)
lib-link = $(foreach lib,$(libs),$(LIB)/$1/$(lib)/lib/*.a)

$(SRC)/%.source: config/recipes/% | need-build
	$(call say,SOURCE,$*)
	$(Q)mkdir -p $(SRC)
	$(Q)config/fetch $* $(SRC) >$(SRC)/$*.log 2>&1 || { tail -n 20 $(SRC)/$*.log; exit 1; }

# What a library was built by; changes when its recipe or one of its patches does
$(LIB)/%.key: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)cat config/build-lib config/objects.mk config/recipes/$* \
		$(sort $(wildcard config/patches/$*-*.patch)) | sha256sum | { $(update); }

$(LIB)/musl/%.done: $(LIB)/%.key $(SRC)/%.source | $(LIB)/musl/linux
	$(call say,LIB,$*)
	+$(Q)config/build-lib musl $* $(SRC) $(LIB)/musl/$* $<
	$(Q)touch $@

$(LIB)/san/%.done: $(LIB)/%.key $(SRC)/%.source | need-sanitizers
	$(call say,LIB,$* (sanitized))
	+$(Q)config/build-lib san $* $(SRC) $(LIB)/san/$* $<
	$(Q)touch $@

# musl-gcc sees none of the kernel's headers: show it these, and no more of glibc's folder
$(LIB)/musl/linux: | need-build
	$(Q)mkdir -p $@.$$$$; cd $@.$$$$; \
	ln -s /usr/include/linux /usr/include/asm-generic .; \
	ln -s /usr/include/$$(gcc -print-multiarch)/asm .; \
	cd - >/dev/null; mv -T $@.$$$$ $@ || rm -rf $@.$$$$

all-libs := $(notdir $(wildcard config/recipes/*))
.PHONY: libs libs-san sources
libs: $(call lib-done,musl)
libs-san: $(call lib-done,san)
sources: $(all-libs:%=$(SRC)/%.source) ## fetch the third-party sources; `make SOURCES=` takes them
	$(Q)echo "they are in $(SRC)"
