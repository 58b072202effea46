# SPDX-License-Identifier: Apache-2.0
# Site settings go in config.mak, which git ignores.
#: all		builds every program into build/ (the default)

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash

CC         ?= cc
ifeq ($(origin CC),default)
CC         := cc
endif
CXX        := $(if $(findstring clang,$(CC)),clang++,c++)
PKG_CONFIG ?= pkg-config
PREFIX     ?= /usr/local
-include config.mak

comma := ,
O := build$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(FUZZER),-fuzzer)$(if $(findstring clang,$(CC)),-clang)
ifneq ($(FUZZER),)
O := build-fuzzer
CC := clang
CXX := clang++
SAN := address,undefined
endif

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wformat=2 -Wcast-qual -Wundef \
            -Wwrite-strings -Wimplicit-fallthrough
HARDEN   := -fstack-protector-strong -fstack-clash-protection -fcf-protection \
            -fPIE -ffunction-sections -fdata-sections \
            $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
VERSION  := $(shell cat VERSION)
ALL_CFLAGS  = -std=gnu17 $(CFLAGS) $(WARN) $(if $(DEV),-Werror) $(HARDEN) \
              $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -DCAGE_DEVELOPER) \
              $(if $(FUZZER),-fsanitize=fuzzer-no-link) \
              -D_GNU_SOURCE -DLOEP_VERSION='"$(VERSION)"' \
              -Iorchestrator -I. \
              -include lib/banned.h
ALL_CXXFLAGS = -std=c++17 $(CFLAGS) -Wall -Wextra $(HARDEN) \
              $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all) -Iorchestrator -I.
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
              $(LDFLAGS) $(if $(SAN),-fsanitize=$(SAN))

# One block per program: <name>_DIRS are the folders below orchestrator/ that
# it is made of (lib is always there, linked as an archive), <name>_PKGS the
# libraries that it may link, <name>_EXTRA objects from elsewhere in the tree.
# The rule language, for the programs that know it.
RULES_OBJS := $(patsubst %.c,%.o,$(wildcard orchestrator/rules/*.c))
# libcurl over connections of a dialer, for those that send.
TRANSFER_OBJS := $(patsubst %.c,%.o,$(wildcard orchestrator/transfer/*.c))
PROGRAMS := loepd loep-store loep-vault loep-sched loep-web loep-vm \
            loep-simnet loep-identify loep-yara loep-hunt loep-archive \
            loep-behaviour loep-rules loep-report loep-grams loep-index \
            loep-mail loep-oidc loep-hook loep-syslog loep-pgp loep
loepd_DIRS          := parent
loepd_PKGS          := libseccomp jansson libnftables
loep-store_DIRS     := store
loep-store_PKGS     := sqlite3 libseccomp jansson libcrypto
loep-vault_DIRS     := vault
loep-vault_PKGS     := libcrypto libzstd libseccomp
loep-sched_DIRS     := sched
loep-sched_PKGS     := jansson libseccomp
loep-web_DIRS       := web
loep-web_PKGS       := libmicrohttpd gnutls libcrypto jansson libseccomp
loep-vm_DIRS        := vm
loep-vm_PKGS        := libvirt jansson libseccomp libcrypto
loep-vm_EXTRA       := agents/wire.o agents/wire_names.o
loep-simnet_DIRS    := simnet
loep-simnet_PKGS    := jansson libseccomp
loep-identify_DIRS  := analysers/identify
loep-identify_PKGS  := libmagic libcrypto jansson libseccomp
loep-identify_LIBS  := -lm
loep-yara_DIRS      := analysers/yara
loep-yara_PKGS      := yara jansson libseccomp libcrypto
loep-yara_LIBS      := -lm
loep-yara_EXTRA     := $(RULES_OBJS)
loep-rules_DIRS     := analysers/rules
loep-rules_PKGS     := yara jansson libseccomp libcrypto
loep-rules_LIBS     := -lm
loep-rules_EXTRA    := $(RULES_OBJS) $(addprefix orchestrator/analysers/yara/,compile.o cost.o)
loep-hunt_DIRS      := analysers/hunt
loep-hunt_PKGS      := yara jansson libseccomp libcrypto
loep-hunt_LIBS      := -lm
# The scanner is loep-yara's.
loep-hunt_EXTRA     := $(RULES_OBJS) $(patsubst %.c,%.o,$(filter-out %/main.c,$(sort $(wildcard orchestrator/analysers/yara/*.c))))
loep-archive_DIRS   := analysers/archive
loep-archive_PKGS   := libarchive jansson libseccomp
loep-behaviour_DIRS := analysers/behaviour
loep-behaviour_PKGS := jansson libseccomp
loep-behaviour_EXTRA := agents/wire.o agents/wire_names.o
loep-report_DIRS    := report
loep-report_PKGS    := jansson libseccomp libcrypto
loep-index_DIRS     := index
loep-index_PKGS     := jansson libcrypto libseccomp
loep-index_LIBS     := -lm
loep-grams_DIRS     := analysers/grams
loep-grams_PKGS     := jansson libseccomp
loep-grams_LIBS     := -lm
loep-grams_EXTRA    := orchestrator/index/column.o
loep-mail_DIRS      := mail
loep-mail_PKGS      := libcurl jansson libseccomp
loep-mail_EXTRA     := $(TRANSFER_OBJS)
loep-oidc_DIRS      := oidc
loep-oidc_EXTRA     := $(TRANSFER_OBJS)
loep-oidc_PKGS      := libcurl libcrypto jansson libseccomp
loep-pgp_DIRS       := pgp
loep-pgp_PKGS       := librnp jansson libseccomp
loep-syslog_DIRS    := syslog
loep-syslog_PKGS    := libcurl libcrypto jansson libseccomp
loep-syslog_EXTRA   := $(TRANSFER_OBJS)
loep-hook_DIRS      := hook
loep-hook_PKGS      := libcurl libcrypto jansson libseccomp
loep-hook_EXTRA     := $(TRANSFER_OBJS)
loep_DIRS           := cli
loep_PKGS           := libcurl jansson libcrypto

Q = $(if $(V),,@printf '  %-6s %s\n' $(1) '$@' &&)

srcs = $(sort $(wildcard $(addsuffix /*.c,$(addprefix orchestrator/,$(1)))))
cxxsrcs = $(sort $(wildcard $(addsuffix /*.cc,$(addprefix orchestrator/,$(1)))))
objs = $(patsubst %.c,$O/%.o,$(call srcs,$(1))) $(patsubst %.cc,$O/%.o,$(call cxxsrcs,$(1)))

# A program whose folder is not there yet is left out.
BUILT := $(foreach p,$(PROGRAMS),$(if $(call srcs,$($(p)_DIRS)),$(p)))

all: $(BUILT:%=$O/%)

$O/lib.a: $(call objs,lib)
	$(call Q,AR)rm -f $@ && ar rcs $@ $^

define program
$O/$(1): $(call objs,$($(1)_DIRS)) $(addprefix $O/,$($(1)_EXTRA)) $O/lib.a
	$$(call Q,LINK)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(if $($(1)_PKGS),$$(shell 2>/dev/null $(PKG_CONFIG) --libs $($(1)_PKGS))) $($(1)_LIBS)
$(call objs,$($(1)_DIRS)): PKG_CFLAGS := $$(if $($(1)_PKGS),$$(shell 2>/dev/null $(PKG_CONFIG) --cflags $($(1)_PKGS)))
endef
$(foreach p,$(BUILT),$(eval $(call program,$(p))))

$O/%.o: %.c $O/flags
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$O/%.o: %.cc $O/flags
	@mkdir -p $(@D)
	$(call Q,CXX)$(CXX) $(ALL_CXXFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild everything when the flags change.
$O/flags: FORCE
	@mkdir -p $O
	@echo '$(CC) $(filter-out -Werror,$(ALL_CFLAGS))' | cmp -s - $@ || \
	    echo '$(CC) $(filter-out -Werror,$(ALL_CFLAGS))' >$@

# The guest agent, and the guest images.
-include agents/rules.mk
-include vm-images/rules.mk
-include orchestrator/store/rules.mk
-include orchestrator/ui/rules.mk

# The program serves the description of its API, which is in it.
$O/orchestrator/web/openapi.o: orchestrator/web/openapi.yaml

# Unit tests: tests/unit/FOLDER/test_X.c is linked with the objects of
# orchestrator/FOLDER, except the one that has main() (main.c), and lib.a.
# A folder's fake*.c there are linked with each of its tests, and so are *.cc,
# which call libraries that only tests compare with (UNIT_LIBS_folder).
UNIT_LIBS_analysers/identify := -ltlsh -lstdc++
UNIT_SRCS := $(wildcard tests/unit/*/test_*.c tests/unit/analysers/*/test_*.c)
UNIT := $(patsubst %.c,$O/%,$(UNIT_SRCS))
UNIT_HELPERS := $(patsubst %.c,$O/%.o,$(wildcard tests/unit/lib/mutate.c tests/unit/lib/fault.c))
unit_folder = $(patsubst tests/unit/%/,%,$(dir $(1)))
unit_program = $(firstword $(foreach p,$(PROGRAMS),$(if $(filter $(1),$($(p)_DIRS)),$(p))))
define unit
$(patsubst %.c,$O/%,$(1)): $(patsubst %.c,$O/%.o,$(1)) $(UNIT_HELPERS) \
    $(patsubst %.c,$O/%.o,$(wildcard tests/unit/$(2)/fake*.c)) \
    $(patsubst %.cc,$O/%.o,$(wildcard tests/unit/$(2)/*.cc)) \
    $(if $(filter agents,$(2)),$(AGENT_UNIT_OBJS),$(filter-out %/main.o,$(if $(filter lib,$(2)),,$(call objs,$(2))))) \
    $(addprefix $O/,$($(3)_EXTRA)) $O/lib.a
	$$(call Q,LINK)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(shell 2>/dev/null $(PKG_CONFIG) --libs cmocka $(sort $($(3)_PKGS) libseccomp jansson libcrypto)) $($(3)_LIBS) $(UNIT_LIBS_$(2))
endef
$(foreach t,$(UNIT_SRCS),$(eval $(call unit,$(t),$(call unit_folder,$(t)),$(call unit_program,$(call unit_folder,$(t))))))

# These drive the real program over its channel.
$O/tests/unit/web/test_serve $O/tests/unit/web/test_upload: | $O/loep-web
$O/tests/unit/pgp/test_serve: | $O/loep-pgp

# Fuzz targets: tests/fuzz/fuzz_X.c; a line "fuzz-links: FOLDER ..." in its
# opening comment names the folders whose objects it is linked with.  Without
# FUZZER=1 they replay their corpus and past crashes.
FUZZ_SRCS := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ := $(patsubst %.c,$O/%,$(FUZZ_SRCS))
fuzz_folders = $(shell sed -n 's,^.*fuzz-links:,,p' $(1))
# With what unit tests have around a store.
$O/tests/fuzz/fuzz_call: $O/tests/unit/store/fake.o $O/tests/unit/store/fake_vault.o
$O/tests/fuzz/fuzz_call: FUZZ_LIBS := $O/lib.a -lcmocka
define fuzz
$(patsubst %.c,$O/%,$(1)): $(patsubst %.c,$O/%.o,$(1)) $(if $(FUZZER),,$O/tests/fuzz/replay.o) \
    $(if $(filter agents,$(2)),$O/agents/wire.o $O/agents/wire_names.o) \
    $(filter-out %/main.o,$(call objs,$(filter-out agents,$(2)))) $O/lib.a
	$$(call Q,LINK)$$(CC) $$(ALL_LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $$@ $$^ $$(FUZZ_LIBS) $$(shell 2>/dev/null $(PKG_CONFIG) --libs $(sort libseccomp jansson libcrypto $(foreach f,$(2),$($(call unit_program,$(f))_PKGS)))) $(foreach f,$(2),$($(call unit_program,$(f))_LIBS))
endef
$(foreach t,$(FUZZ_SRCS),$(eval $(call fuzz,$(t),$(call fuzz_folders,$(t)))))

SANDBOX := $(patsubst %.c,$O/%,$(wildcard tests/sandbox/t_*.c))
$O/tests/sandbox/t_%: $O/tests/sandbox/t_%.o $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs cmocka libseccomp jansson)

# --- running tests ------------------------------------------------------
# Root hands over to an ordinary user first: nothing here needs root.

COUNTS := $O/check/counts
AS_USER := scripts/as-user
INTEGRATION := $(sort $(wildcard tests/integration/t[0-9]*.sh))
BROWSER := $(sort $(wildcard tests/browser/t[0-9]*.sh))
E2E := $(sort $(wildcard tests/e2e/t[0-9]*.sh))
YARA_TESTS := $(sort $(wildcard tests/yara-rules/t[0-9]*.sh))
TOOLS := $(patsubst %.c,$O/%,$(wildcard tests/tools/*.c tests/e2e/*.c tests/bench/*.c))

$O/tests/tools/%: $O/tests/tools/%.o $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs libseccomp jansson libcrypto)
$O/tests/bench/%: $O/tests/bench/%.o $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs libseccomp jansson libcrypto)
# Speaks TLS as clients do: with OpenSSL, not with the server's library.
$O/tests/bench/bench_load: $O/tests/bench/bench_load.o $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs openssl)
# With the index's own code.
$O/tests/bench/bench_index: $O/tests/bench/bench_index.o $(filter-out %/main.o,$(call objs,index)) $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs libseccomp jansson libcrypto) -lm
# Plays loepd for loep-vm: with its code that makes the namespace.
$O/tests/e2e/vmdrive: $O/tests/e2e/vmdrive.o $O/orchestrator/parent/netns.o $O/orchestrator/parent/netns_setup.o $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs libseccomp jansson libcrypto libnftables)
$O/tests/e2e/%: $O/tests/e2e/%.o $O/agents/wire.o $O/agents/wire_names.o $O/lib.a
	$(call Q,LINK)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(shell 2>/dev/null $(PKG_CONFIG) --libs libseccomp jansson libcrypto)

# Preloaded into programs: a clock that jumps.
CLOCK := $O/tests/integration/clock.so
$(CLOCK): tests/integration/clock.c $O/flags
	@mkdir -p $(@D)
	$(call Q,LINK)$(CC) -std=gnu17 $(CFLAGS) $(WARN) -D_GNU_SOURCE -shared -fPIC -o $@ $< -ldl

programs: all $(UNIT) $(FUZZ) $(SANDBOX) $(TOOLS) $(CLOCK)

#: check		everything: set-up, all tests, a real VM included (what CI runs)
check: setup
	@$(AS_USER) $(MAKE) check-as-user

check-as-user:
	@$(MAKE) -j2 programs DEV=1
	@rm -rf $O/check && mkdir -p $O/check
	@$(MAKE) --keep-going run-lint run-unit run-fuzz run-sandbox run-yara run-integration run-browser run-e2e; \
	    scripts/summary $(COUNTS)

#: check-fast	unit, fuzz replay, sandbox and integration tests: the inner loop
check-fast: setup
	@$(AS_USER) $(MAKE) check-fast-as-user

check-fast-as-user:
	@$(MAKE) -j2 programs
	@rm -rf $O/check && mkdir -p $O/check
	@$(MAKE) --keep-going run-unit run-fuzz run-sandbox run-integration; \
	    scripts/summary $(COUNTS)

#: e2e		the tests with a real virtual machine only
e2e: setup
	@$(AS_USER) $(MAKE) e2e-as-user
e2e-as-user:
	@$(MAKE) -j2 programs
	@rm -rf $O/check && mkdir -p $O/check
	@$(MAKE) run-e2e; scripts/summary $(COUNTS)

SUITE = COUNTS=$(COUNTS) O=$O scripts/suite
run-lint:
	@$(SUITE) lint tests/lint/t0001-tree.sh
run-unit:
	@JOBS=2 $(SUITE) unit $(UNIT)
run-fuzz:
	@JOBS=2 $(SUITE) fuzz $(FUZZ)
run-sandbox:
	@$(SUITE) sandbox $(SANDBOX)
run-yara:
	@$(SUITE) yara-rules $(YARA_TESTS)
# Two at a time, since a test mostly waits; what measures times runs alone.
INTEGRATION_ALONE := $(filter %/t1013-slow.sh,$(INTEGRATION))
run-integration:
	@JOBS=2 $(SUITE) integration $(filter-out $(INTEGRATION_ALONE),$(INTEGRATION)); \
	    status=$$?; $(SUITE) timing $(INTEGRATION_ALONE) && exit $$status
# In build/browser: pictures of every page.
run-browser:
	@JOBS=2 $(SUITE) browser $(BROWSER)
# A guest without KVM keeps one core busy, so two fit.
run-e2e: image guest-programs
	@JOBS=2 $(SUITE) e2e $(E2E)

#: demo		builds all, submits a sample, detonates it, shows the report
demo: setup-demo
	@$(AS_USER) $(MAKE) demo-as-user
demo-as-user:
	@$(MAKE) -j2 all
	@$(MAKE) image
	@O=$O scripts/demo

#: image		the guest image, in build/vm-images/
image: $O/vm-images/debian-12/manifest.json

#: bench		measures, into build/bench.json (ONLY=load ARTEFACTS=2000: quick)
bench: setup
	@$(AS_USER) $(MAKE) bench-as-user
bench-as-user:
	@$(MAKE) -j2 programs
	@$(MAKE) image
	@O=$O tests/bench/run

#: fuzz		fuzzes one target: make fuzz T=fuzz_guest SECONDS=600
SECONDS ?= 60
fuzz: setup
	@$(MAKE) -j2 FUZZER=1 build-fuzzer/tests/fuzz/$(T)
	@mkdir -p build-fuzzer/corpus/$(T) tests/fuzz/corpus/$(T:fuzz_%=%)
	ASAN_OPTIONS=detect_leaks=0 build-fuzzer/tests/fuzz/$(T) -max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=4096 \
	    -artifact_prefix=build-fuzzer/ $(patsubst %,-dict=%,$(wildcard tests/fuzz/$(T:fuzz_%=%).dict tests/fuzz/$(T).dict)) \
	    build-fuzzer/corpus/$(T) tests/fuzz/corpus/$(T:fuzz_%=%)

#: coverage	line coverage of the unit and fuzz tests, in build-coverage/
coverage: setup
	@scripts/coverage

#: setup		installs the Debian packages that are missing
setup:
	@scripts/setup $O build run image demo test deb
	@scripts/setup-node $O

# Less: whoever only looks needs no tools of tests.
setup-demo:
	@scripts/setup $O build run image demo

# --- the state of the tree -----------------------------------------------

C_FILES = $(shell git -c safe.directory='*' ls-files '*.c' '*.h' '*.def' 2>/dev/null | grep -v '\.bpf\.c$$')

#: format		formats all C files (clang-format 14)
format:
	@clang-format -i $(filter %.c %.h,$(C_FILES))

#: lint		layers, headers, format, scripts, spelling, static analysis
lint: setup
	@O=$O tests/lint/t0001-tree.sh
	@O=$O tests/lint/static.sh

# --- installing ------------------------------------------------------------

DATADIR = $(PREFIX)/share
MANDIR  = $(DATADIR)/man
LIBEXEC = $(PREFIX)/lib/loep

#: install	installs below PREFIX (default /usr/local), with DESTDIR
install: all $(AGENT_O)/loep-agent
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBEXEC) $(DESTDIR)$(DATADIR)/loep
	install -m 755 $O/loep $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(filter-out $O/loep,$(BUILT:%=$O/%)) $(DESTDIR)$(LIBEXEC)/
	install -D -m 755 $(AGENT_O)/loep-agent $(DESTDIR)$(LIBEXEC)/agents/linux/loep-agent
	cp -R yara-rules $(DESTDIR)$(DATADIR)/loep/
	if [ -d $(UI)/dist ]; then rm -rf $(DESTDIR)$(DATADIR)/loep/ui && cp -R $(UI)/dist $(DESTDIR)$(DATADIR)/loep/ui; fi
	cp -R vm-images $(DESTDIR)$(DATADIR)/loep/
	install -D -m 644 docs/grafana/loep.json $(DESTDIR)$(DATADIR)/loep/grafana/loep.json
	for m in docs/man/*.[1-8]; do s=$${m##*.}; \
	    install -D -m 644 $$m $(DESTDIR)$(MANDIR)/man$$s/$${m##*/}; done
	install -D -m 644 orchestrator/cli/completion/loep.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/loep
	install -D -m 644 orchestrator/cli/completion/_loep $(DESTDIR)$(DATADIR)/zsh/vendor-completions/_loep

#: deb		makes the Debian package, in build/deb
deb: setup-deb
	@O=$O scripts/deb

setup-deb:
	@scripts/setup $O build deb

#: clean		removes what was built
clean:
	$(RM) -r build build-*

#: help		this list
help:
	@echo 'make TARGET [DEV=1] [SAN=address,undefined] [FUZZER=1] [CC=clang] [V=1]'
	@sed -n 's/^#: //p' Makefile
	@echo
	@echo 'DEV=1                  warnings are errors'
	@echo 'SAN=address,undefined  instrumented build, in its own folder'
	@echo 'FUZZER=1               libFuzzer build, in build-fuzzer/'
	@echo 'V=1                    show the commands'

-include $(shell find $O -path '*/vm-images' -prune -o -type f -name '*.d' -print 2>/dev/null)
.PHONY: all programs check check-as-user check-fast check-fast-as-user e2e \
    e2e-as-user run-lint run-unit run-fuzz run-sandbox run-yara \
    run-integration run-browser run-e2e demo demo-as-user image bench \
    bench-as-user fuzz deb setup-deb setup-demo ui \
    coverage setup format lint install clean help FORCE
.SECONDARY:
