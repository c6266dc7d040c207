# SPDX-License-Identifier: Apache-2.0
# Our own C files: once with musl for build/rlc, once with sanitizers for the tests.

rooms := base owner tree $(if $(CONFIG_PACK),pack) $(if $(CONFIG_IMAGE),image) ns \
	$(if $(CONFIG_EMU),emu) $(if $(CONFIG_RUN),run) $(if $(CONFIG_BUILD),build)
# Guests need no image; containers do
containers-c := $(filter-out core/run/guest.c core/run/supervise.c,$(wildcard core/run/*.c))
core-c := $(filter-out $(if $(CONFIG_IMAGE),,$(containers-c)), \
	$(sort $(foreach room,$(rooms),$(wildcard core/$(room)/*.c))))
applet-c := $(sort $(wildcard applets/lib/*.c) $(applet-sources-y))
proto-c := $(patsubst proto/%.proto,$(GEN)/proto/%.pb-c.c,$(sort $(wildcard proto/*.proto)))
gen-c := $(GEN)/applet_table.c $(GEN)/versions.c

# $(call objects,FOLDER,SOURCES): build/gen/x.c becomes FOLDER/gen/x.o
objects = $(patsubst %.c,$1/%.o,$(patsubst $(GEN)/%,gen/%,$2))

warnings := -Wall -Wextra -Werror
base-flags := -std=gnu17 -g $(warnings) -D_GNU_SOURCE -I. -I$(GEN) -include $(GEN)/config.h \
	-ffile-prefix-map=$(abspath $(O))=build -ffile-prefix-map=$(CURDIR)=.

musl-cc := musl-gcc
musl-flags := $(base-flags) $(if $(CONFIG_FAST),-O2,-Os) -ffunction-sections -fdata-sections -fno-pie \
	-fno-asynchronous-unwind-tables \
	-isystem $(LIB)/musl/linux $(call lib-include,musl)
# The small page size is for the file alone: else up to 4 KB are filled up before the data
# Rooms whose time is the kernel's and the libraries': small beats fast there
calm := $(addsuffix /%,applets/build applets/image applets/run applets/unshare core/ns \
	core/run core/build core/image)
musl-calm := -Os
musl-link := -static -no-pie -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,-z,noseparate-code -Wl,-z,common-page-size=512 -Wl,-z,norelro \
	$(if $(CONFIG_FAST),,-Wl$(comma)-z$(comma)norelro)

sanitizers := -fsanitize=address,undefined
san-cc := clang
san-flags := $(base-flags) -O1 -fno-omit-frame-pointer $(sanitizers),fuzzer-no-link \
	-fno-sanitize-recover=undefined $(call lib-include,san)
SAN := $(O)/san

# Objects follow the flags and the compiler, too
flags = $(Q)mkdir -p $(@D); { echo '$1'; $2 --version; } | { $(update); }
$(OBJ)/flags: FORCE | need-build
	$(call flags,$(musl-flags) $(musl-calm) $(calm) $(musl-link),gcc)
$(SAN)/obj/flags: FORCE | need-sanitizers
	$(call flags,$(san-flags),clang)

define compile-rules # FOLDER, flavour
$1/%.o: %.c $1/flags $(GEN)/config.h $(call lib-done,$2) | $(proto-c)
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$($2-cc) $($2-flags) $$(if $$(filter $$(calm),$$<),$($2-calm)) -MMD -MP -c -o $$@ $$<
$1/gen/%.o: $(GEN)/%.c $1/flags $(GEN)/config.h $(call lib-done,$2) | $(proto-c)
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$($2-cc) $($2-flags) -MMD -MP -c -o $$@ $$<
endef
$(eval $(call compile-rules,$(OBJ),musl))
$(eval $(call compile-rules,$(SAN)/obj,san))
-include $(shell find $(OBJ) $(SAN)/obj -name '*.d' 2>/dev/null)

# An archive, so that what nothing uses is left out; made anew when its list of members changes
define archive-rules # FOLDER
$1/core.list: FORCE
	$$(Q)mkdir -p $$(@D); echo $(core-c) $(proto-c) | { $$(update); }
$1/core.a: $1/core.list $(call objects,$1,$(core-c) $(proto-c))
	$$(Q)rm -f $$@; ar rcsD $$@.$$$$$$$$ $$(filter %.o,$$^); mv $$@.$$$$$$$$ $$@
endef
$(eval $(call archive-rules,$(OBJ)))
$(eval $(call archive-rules,$(SAN)/obj))

$(GEN)/proto/%.pb-c.c: proto/%.proto | need-build
	$(call say,PROTO,$<)
	$(Q)mkdir -p $(@D)
	$(Q)protoc-c -Iproto --c_out=$(@D) $<

# The table that `rlc --version -v` prints: name, version and hash of each source
$(GEN)/versions.c: $(libs:%=$(SRC)/%.source) Makefile config/libs.mk $(GEN)/config.h
	$(Q){ echo '#include "applets/lib/applet.h"'; \
	echo 'const char rlc_version[] = "$(VERSION)";'; \
	echo 'const char *const rlc_library_versions[] = {'; \
	for lib in $(sort $(libs)); do \
		{ read -r file; read -r version; read -r hash; } <$(SRC)/$$lib.source; \
		echo "\"$$lib $$version sha256:$$hash\","; \
	done; \
	echo '0 };'; } >$@

rlc-o := $(call objects,$(OBJ),$(applet-c) $(gen-c))
$(O)/rlc.list: FORCE
	$(Q)mkdir -p $(@D); echo $(rlc-o) | { $(update); }
$(O)/rlc.debug: $(rlc-o) $(OBJ)/core.a $(O)/rlc.list
	$(call say,LINK,$@)
	$(Q)$(musl-cc) $(musl-link) -Wl,-Map=$(O)/rlc.map -o $@ $(rlc-o) $(OBJ)/core.a \
		-Wl,--start-group $(call lib-link,musl) -Wl,--end-group
$(O)/rlc: $(O)/rlc.debug
	$(Q)strip -o $@.$$$$ $< && mv $@.$$$$ $@
	$(call say,DONE,$@)
