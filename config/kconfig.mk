# SPDX-License-Identifier: Apache-2.0
# What is built: the applets that there are, and the configuration.

applet-files := $(sort $(wildcard applets/*.c applets/*/*.c))
applet-files := $(filter-out applets/lib/%,$(applet-files))

# The list changes when a file comes or goes
$(GEN)/applets.list: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo $(applet-files) | { $(update); }

$(GEN)/applets.stamp: $(GEN)/applets.list $(applet-files) config/scan-applets | need-build
	$(Q)$(PYTHON) config/scan-applets $(GEN) $(applet-files)
	$(Q)touch $@
$(GEN)/Kconfig.applets $(GEN)/applets.mk $(GEN)/applet_table.c: $(GEN)/applets.stamp ;

$(GEN)/config.stamp: $(or $(wildcard $(CONFIG)),FORCE) $(GEN)/Kconfig.applets \
		config/Kconfig config/defconfig config/conf
	$(Q)$(PYTHON) config/conf sync
	$(Q)touch $@
$(GEN)/config.h $(GEN)/auto.mk: $(GEN)/config.stamp ;

.PHONY: $(filter-out %_defconfig,$(config-goals))
$(config-asked): $(GEN)/Kconfig.applets

## Configuration
menuconfig: ## choose what is built
	$(Q)MENUCONFIG_STYLE=aquatic $(PYTHON) -m menuconfig config/Kconfig
defconfig: ## everything
	$(Q)$(PYTHON) config/conf load config/defconfig
%_defconfig: config/%_defconfig ## a saved configuration: tiny_defconfig, initramfs_defconfig
	$(Q)$(PYTHON) config/conf load $<
allyesconfig: ## everything on
	$(Q)$(PYTHON) config/conf all y
allnoconfig: ## everything off
	$(Q)$(PYTHON) config/conf all n
olddefconfig: ## give new symbols their defaults (make does that by itself)
	$(Q)$(PYTHON) config/conf sync
savedefconfig: ## write what differs from the defaults to ./defconfig
	$(Q)$(PYTHON) config/conf save defconfig
