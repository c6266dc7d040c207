# SPDX-License-Identifier: Apache-2.0
# How large rlc is, with what, and what a change did to it.

sized := full initramfs tiny
size-limit-full := 1441792
size-limit-initramfs := 524288
size-limit-tiny := 98304
size-config-full := allyesconfig
size-config-initramfs := initramfs_defconfig
size-config-tiny := tiny_defconfig

size-make = $(MAKE) O=$(O)/size/$1 LIB=$(abspath $(LIB)) SRC=$(abspath $(SRC)) \
	CONFIG=$(O)/size/$1/.config

.PHONY: size bloat bloat-base $(sized:%=size-%)
$(sized:%=size-%): size-%:
	$(Q)mkdir -p $(O)/size/$*
	+$(Q)$(call size-make,$*) $(size-config-$*) >/dev/null
	+$(Q)$(call size-make,$*) all
## Size
size: $(sized:%=size-%) ## the three configurations: sizes, limits, and what fills them
	$(Q)$(PYTHON) config/size $(foreach name,$(sized),$(O)/size/$(name)=$(size-limit-$(name)))
bloat-base: $(O)/rlc ## keep this build, for bloat to compare with
	$(Q)cp $(O)/rlc.debug $(O)/bloat-base
bloat: $(O)/rlc ## what changed in size since bloat-base (or BASE=, a binary), by symbol
	$(Q)$(PYTHON) config/bloat $(or $(BASE),$(O)/bloat-base) $(O)/rlc.debug
