# SPDX-License-Identifier: Apache-2.0
# Guest images. Included by the top Makefile; needs agents/rules.mk.
ifndef AGENT_O
include agents/rules.mk
endif
O ?= build
DEBIAN_12 := vm-images/debian-12

images: $O/vm-images/debian-12/manifest.json

$O/vm-images/debian-12/manifest.json: $(AGENT_O)/loep-agent \
    $(DEBIAN_12)/build $(DEBIAN_12)/customize $(DEBIAN_12)/packages \
    $(DEBIAN_12)/profile.conf $(shell find $(DEBIAN_12)/files -type f 2>/dev/null)
	@$(DEBIAN_12)/build -o $(@D) -a $<

.PHONY: images
