# SPDX-License-Identifier: Apache-2.0
# The guest agent: BPF object -> skeleton -> static program.
# Included by the top Makefile; also works alone: make -f agents/rules.mk
O ?= build
AGENT_CC    ?= gcc
CLANG       ?= clang
BPFTOOL     ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
AGENT_O     := $O/agents/linux
AGENT_SRCS  := $(wildcard agents/linux/*.c) agents/wire.c
AGENT_BPF   := agents/linux/probe.bpf.c
AGENT_OBJS  := $(patsubst agents/%.c,$O/agents/linux/obj/%.o,$(filter-out $(AGENT_BPF),$(AGENT_SRCS)))
AGENT_WARN  := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
               -Wmissing-prototypes -Wvla -Wformat=2 -Wcast-qual -Wundef \
               -Wwrite-strings -Wimplicit-fallthrough $(if $(DEV),-Werror)
AGENT_CFLAGS := -std=gnu17 -O2 -g $(AGENT_WARN) -fstack-protector-strong \
                -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -isystem $(AGENT_O) \
                -DAGENT_VERSION='"$(shell cat VERSION 2>/dev/null || echo 0)"'

# What tests/unit/agents/ is linked with, built as the rest of the tree is.
AGENT_UNIT_OBJS := $(addprefix $O/agents/,wire.o wire_names.o linux/start.o \
                   linux/event.o linux/sha256.o linux/channel.o)

agent: $(AGENT_O)/loep-agent

$(AGENT_O)/loep-agent: $(AGENT_OBJS)
	@printf '  %-6s %s\n' LINK '$@'
	@$(AGENT_CC) -static -s -o $@.new $^ -lbpf -lelf -lz && mv $@.new $@

$(AGENT_O)/obj/%.o: agents/%.c
	@mkdir -p $(@D)
	@printf '  %-6s %s\n' CC '$@'
	@$(AGENT_CC) $(AGENT_CFLAGS) -MMD -MP -c -o $@ $<

$(AGENT_O)/obj/linux/trace.o: $(AGENT_O)/probe.skel.h

$(AGENT_O)/probe.skel.h: $(AGENT_O)/probe.bpf.o
	@printf '  %-6s %s\n' BPF '$@'
	@$(BPFTOOL) gen skeleton $< name probe >$@.new && mv $@.new $@

# bpftool gen object drops DWARF and keeps BTF.
$(AGENT_O)/probe.bpf.o: $(AGENT_BPF)
	@mkdir -p $(@D)
	@printf '  %-6s %s\n' BPF '$@'
	@$(CLANG) -g -O2 -target bpf -D__TARGET_ARCH_x86 -D__x86_64__ \
	    -I/usr/include/$(shell $(AGENT_CC) -print-multiarch) -Wall -Wextra \
	    -Wno-unused-parameter -MMD -MP -MT $@ -MF $(@:.o=.d) \
	    -c -o $@.full $<
	@$(BPFTOOL) gen object $@ $@.full

-include $(AGENT_OBJS:.o=.d) $(AGENT_O)/probe.bpf.d
.PHONY: agent

# Programs that the tests run inside a guest: static, for a foreign system.
GUEST_PROGRAMS := $(patsubst tests/e2e/guest/%.c,$O/tests/e2e/guest/%,$(wildcard tests/e2e/guest/*.c))
guest-programs: $(GUEST_PROGRAMS)
$O/tests/e2e/guest/%: tests/e2e/guest/%.c
	@mkdir -p $(@D)
	@printf '  %-6s %s\n' LINK '$@'
	@$(AGENT_CC) -std=gnu17 -O1 -g $(AGENT_WARN) -D_GNU_SOURCE -I. -static -s -o $@ $(filter %.c,$^)
$O/tests/e2e/guest/attack: agents/wire.c agents/wire_names.c
.PHONY: guest-programs
