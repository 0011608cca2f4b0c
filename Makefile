# Build with `make`; everything made goes under build/.
#   make            build/culvert, static, with musl
#   make test       unit tests with musl, then the end-to-end tests
#   make test SAN=1 the same under ASan and UBSan
#   make check      static checks, layers, every header alone, gcc and clang
#   make interop    against the real frp 0.61.0 and 0.70.1 (wants Go)
#   make fuzz       every fuzz target over its corpus, then SECS=10 more each
#   make fuzz T=toml SECS=60
#   make cover      line coverage of core/ and crypto/
#   make soak       the long runs
#   make chaos      hostile peers of each kind against the program under
#                   sanitizers; SECS=5 each, SEED=… and K=WORD repeat one
#   make attacks    those end-to-end tests that attack, sanitized
#   make faults     the end-to-end tests, sanitized, while writes fail; SOME=60
#                   of them, SEED=… those of another run
#   make cost       instructions for each MiB relayed (wants valgrind)
#   make install    PREFIX=/usr/local DESTDIR=
# BEARSSL=… and LIBEV=… name a tarball or an unpacked tree of one's own.
# V=1 shows the commands.

VERSION	= 0.1.0

MUSL_CC	= musl-gcc
HOST_CC	= gcc
CLANG	= clang
PREFIX	= /usr/local

# libev's macros, opened in our sources, leave values unused.
CLANG_WARN = -Wno-unused-value

# FAULTS=1: sanitized, and each n-th write can be made to fail, see net/loop.h.
ifdef FAULTS
SAN	= 1
endif
ifdef SAN
B	= $(if $(FAULTS),build/faults,build/san)
CC	= $(HOST_CC)
MODE	= -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	  -fno-sanitize-recover=undefined -DLOOP_CHECKED \
	  $(if $(FAULTS),-DLOOP_FAULTS)
LIBMODE	= -O1 -g -fsanitize=address
LINK	= -fsanitize=address,undefined
else ifdef FUZZ
B	= build/fuzz
CC	= $(CLANG)
MODE	= -O1 -g -fno-omit-frame-pointer \
	  -fsanitize=fuzzer-no-link,address,undefined \
	  -fno-sanitize-recover=undefined -DLOOP_CHECKED $(CLANG_WARN)
LIBMODE	= -O2 -g -fsanitize=address
LINK	= -fsanitize=fuzzer,address,undefined
else ifdef COVER
B	= build/cover
CC	= $(HOST_CC)
MODE	= -O0 -g --coverage -DLOOP_CHECKED
LIBMODE	= -O2
LINK	= --coverage
else
B	= build
CC	= $(MUSL_CC)
# Nothing unwinds the stack of a release: its tables would be a tenth of it.
LEAN	= -fno-asynchronous-unwind-tables -fno-unwind-tables
MODE	= -O2 $(HARD) $(LEAN)
TIGHT	= -Os
LIBMODE	= -O3 $(HARD) $(LEAN)

# A static PIE.  musl-gcc has no mode for one, so the start files are those that
# the compiler names itself, save that the first one relocates the program.
# clang puts each word in quotes.
SHOW	:= -\#\#\#
CRT	:= $(patsubst %Scrt1.o,%rcrt1.o,$(shell \
	  $(CC) -static-pie $(SHOW) -x c /dev/null 2>&1 | tr -d '"' | \
	  grep -o '[^ ]*/[a-zA-Z]*crt[a-zA-Z1]*\.o'))
LINK	= $(if $(word 5,$(CRT)),,$(error $(CC) names no start files)) \
	  -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text \
	  -Wl,-z,relro,-z,now,-z,noexecstack \
	  -s -Wl,--gc-sections -Wl,--build-id=none $(wordlist 1,3,$(CRT))
LAST	= -Wl,--start-group -lc -lgcc -Wl,--end-group $(wordlist 4,5,$(CRT))

# Not every compiler knows all of them, nor every target.
knows	= $(shell $(CC) -Werror $(1) -S -x c /dev/null -o - >/dev/null 2>&1 && \
	  echo '$(1)')
HARD	:= -fPIE -fvisibility=hidden -fstack-protector-strong \
	  $(call knows,-fstack-clash-protection) \
	  $(call knows,-fcf-protection) \
	  $(call knows,-mbranch-protection=standard) \
	  $(call knows,-ftrivial-auto-var-init=zero)
endif

D	= build/deps
WARN	= -std=c11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	  -Wmissing-prototypes -Wformat=2 -Wno-format-nonliteral
CPPFLAGS = -D_GNU_SOURCE -I. -DCULVERT_VERSION='"$(VERSION)"' $(EVFLAGS)
DEPINC	= -isystem $(D)/bearssl/inc -isystem $(D)/libev
CFLAGS	= $(WARN) $(MODE) -ffunction-sections -fdata-sections \
	  -ffile-prefix-map=$(CURDIR)/= -fstack-protector-strong
LIBFLAGS = -w $(LIBMODE) -ffunction-sections -fdata-sections \
	  -ffile-prefix-map=$(CURDIR)/=
EVFLAGS	= -DEV_STANDALONE=1 -DEV_COMPAT3=0 -DEV_FEATURES=0x2b -DEV_USE_EPOLL=1 \
	  -DEV_USE_POLL=1 -DEV_USE_SELECT=0 -DEV_USE_INOTIFY=0 \
	  -DEV_USE_SIGNALFD=0 -DEV_USE_EVENTFD=1 -DEV_USE_MONOTONIC=1 \
	  -DEV_USE_CLOCK_SYSCALL=0 -DEV_PREPARE_ENABLE=1 -DEV_ASYNC_ENABLE=1 \
	  -DEV_SIGNAL_ENABLE=1 -DEV_CHILD_ENABLE=0 -DEV_VERIFY=0 \
	  -DEV_USE_LINUXAIO=0 -DEV_USE_IOURING=0 -DEV_USE_TIMERFD=0 \
	  -DEV_MULTIPLICITY=1

Q	= $(if $(V),,@)

LIBSRC	= $(wildcard core/*.c crypto/*.c net/*.c)
CMDSRC	= $(wildcard cmd/*.c)
TESTSRC	= test/t.c $(wildcard test/core/*_test.c test/crypto/*_test.c \
	  test/net/*_test.c test/cmd/*_test.c)
FUZZSRC	= $(wildcard test/fuzz/*.c)
TOOLSRC	= $(wildcard test/tools/*.c)
BENCHSRC = $(wildcard test/bench/*.c)

OBJ	= $(LIBSRC:%.c=$(B)/o/%.o)
CMDOBJ	= $(CMDSRC:%.c=$(B)/o/%.o)
TESTOBJ	= $(TESTSRC:%.c=$(B)/o/%.o)
TESTCMD	= $(filter-out $(B)/o/cmd/main.o,$(CMDOBJ))
LIBS	= $(B)/libbearssl.a $(B)/libev.a

.PHONY: all test unit e2e interop check fuzz fuzzers cover soak chaos faults attacks \
    cost tools flags install clean distclean
all: $(B)/culvert

# What reads settings and command lines runs once: size counts, not time.
SMALL	= cmd/% core/config% core/template% core/toml% core/json% core/people% \
	  core/value% core/forward_spec% core/worker% core/known% \
	  core/pins_value% core/proxy_url% core/ssh_target%
$(filter $(SMALL:%=$(B)/o/%),$(CMDOBJ) $(OBJ)): private MODE += $(TIGHT)

# What runs all the time stands together at the end, before libc, and what only
# starting needs before it: an idle process maps less of itself.
INORDER	= $(CMDOBJ) $(filter $(B)/o/core/%,$(OBJ)) \
	  $(filter $(B)/o/crypto/%,$(OBJ)) $(B)/libbearssl.a \
	  $(filter $(B)/o/net/%,$(OBJ)) $(B)/libev.a
$(B)/culvert: $(CMDOBJ) $(OBJ) $(LIBS)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LINK) -o $@ $(INORDER) -lm -pthread $(LAST)

$(B)/unit: $(TESTOBJ) $(TESTCMD) $(OBJ) $(LIBS)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LINK) -o $@ $(TESTOBJ) $(TESTCMD) $(OBJ) $(LIBS) -lm -pthread $(LAST)

# One small program a file: what tests need beside the shipped binary.
$(B)/tools/%: $(B)/o/test/tools/%.o $(OBJ) $(LIBS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK) -o $@ $< $(OBJ) $(LIBS) -lm -pthread $(LAST)
TOOLS	= $(TOOLSRC:test/tools/%.c=$(B)/tools/%)
tools: $(TOOLS)

# What measures: load on both ends of a tunnel.
$(B)/bench/load: $(BENCHSRC:%.c=$(B)/o/%.o)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LINK) -o $@ $^ $(LAST)

$(B)/fuzzer/%: $(B)/o/test/fuzz/%.o $(OBJ) $(LIBS)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(LINK) -o $@ $< $(OBJ) $(LIBS) -lm -pthread $(LAST)

$(B)/o/%.o: %.c $(B)/flags | $(D)/stamp
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS) $(DEPINC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Objects depend on the flags that made them, not only on their sources.
FLAGSNOW = $(CC) $(CPPFLAGS) $(CFLAGS) $(LIBFLAGS) $(EVFLAGS) $(TIGHT) $(SMALL)
$(B)/flags: force
	@mkdir -p $(@D)
	@printf '%s\n' "$(subst ",,$(FLAGSNOW))" | cmp -s - $@ || \
	    printf '%s\n' "$(subst ",,$(FLAGSNOW))" >$@
.PHONY: force

# Own trees or tarballs may be named, or named no more, at any time.
$(D)/given: force
	@mkdir -p $(@D)
	@echo "$(BEARSSL) $(LIBEV)" | cmp -s - $@ || \
	    { rm -rf $(D)/bearssl $(D)/libev; \
	      echo "$(BEARSSL) $(LIBEV)" >$@; }
$(D)/stamp: scripts/deps.sh $(D)/given
	@BEARSSL="$(BEARSSL)" LIBEV="$(LIBEV)" sh scripts/deps.sh $(D)

# The sources are known only once they are unpacked, hence the second make.
$(B)/libbearssl.a: $(D)/stamp $(B)/flags
	$(if $(V),,@echo "  LIB   $@")
	$(Q)$(MAKE) --no-print-directory -s B=$(B) bearssl-archive
$(B)/libev.a: $(D)/stamp $(B)/flags
	$(if $(V),,@echo "  LIB   $@")
	@mkdir -p $(@D)
	$(Q)$(CC) $(LIBFLAGS) $(EVFLAGS) -I$(D)/libev -c -o $(B)/ev.o \
	    $(D)/libev/ev.c
	$(Q)rm -f $@ && ar rcD $@ $(B)/ev.o

ifneq ($(filter bearssl-archive,$(MAKECMDGOALS)),)
BRSRC	:= $(sort $(shell find $(D)/bearssl/src -name '*.c'))
BROBJ	:= $(BRSRC:$(D)/bearssl/src/%.c=$(B)/o/bearssl/%.o)
.PHONY: bearssl-archive
bearssl-archive: $(BROBJ)
	rm -f $(B)/libbearssl.a && ar rcD $(B)/libbearssl.a $(BROBJ)
$(B)/o/bearssl/%.o: $(D)/bearssl/src/%.c $(B)/flags $(D)/given
	@mkdir -p $(@D)
	$(CC) $(LIBFLAGS) -I$(D)/bearssl/inc -I$(D)/bearssl/src -c -o $@ $<
endif

test: unit e2e
unit: $(B)/unit
	$(Q)$(B)/unit
e2e: $(B)/culvert $(TOOLS) $(B)/bench/load
	$(Q)python3 test/e2e/run.py --bin $(B)/culvert --tools $(B)/tools
interop: $(B)/culvert
	$(Q)python3 test/interop/run.py --bin $(B)/culvert
fuzz:
	$(Q)sh scripts/fuzz.sh "$(T)" "$(or $(SECS),10)"
fuzzers: $(FUZZSRC:test/fuzz/%.c=$(B)/fuzzer/%)
check:
	$(Q)sh scripts/check.sh
# What scripts/check.sh compiles with, quoted for a shell.
flags: $(D)/stamp
	@printf '%s\n' "$(subst ",\",$(CPPFLAGS) $(DEPINC) $(WARN))"
cover:
	$(Q)sh scripts/cover.sh
# Every e2e test, while writes fail: nobody may crash.
faults: tools $(B)/bench/load
	$(Q)$(MAKE) --no-print-directory FAULTS=1 build/faults/culvert
	$(Q)python3 test/e2e/run.py --bin build/faults/culvert \
	    --tools $(B)/tools --faults $(if $(T),-k "$(T)") \
	    $(if $(SOME),--some $(SOME)) $(if $(SEED),--seed "$(SEED)")
# What peers do who say something and are gone, under sanitizers.
attacks: tools
	$(Q)$(MAKE) --no-print-directory SAN=1 build/san/culvert
	$(Q)python3 test/e2e/run.py --bin build/san/culvert \
	    --tools $(B)/tools -k attack
soak: $(B)/culvert $(TOOLS) $(B)/bench/load
	$(Q)python3 test/e2e/run.py --bin $(B)/culvert --tools $(B)/tools --soak
chaos:
	$(Q)$(MAKE) --no-print-directory SAN=1 build/san/culvert
	$(Q)python3 test/chaos/run.py --bin build/san/culvert \
	    --secs "$(or $(SECS),5)" $(if $(SEED),--seed "$(SEED)") \
	    $(if $(K),-k "$(K)")
cost: $(B)/culvert $(B)/bench/load
	$(Q)python3 test/bench/cost.py --bin $(B)/culvert

# The installed binary makes the links, so that they lead to it by its bare
# name and hold wherever DESTDIR ends up.
INTO	= $(DESTDIR)$(PREFIX)
install: $(B)/culvert
	install -d "$(INTO)/bin" "$(INTO)/share/man/man1" \
	    "$(INTO)/share/man/man8"
	install -m 755 $(B)/culvert "$(INTO)/bin/culvert"
	"$(INTO)/bin/culvert" --install "$(INTO)/bin"
	install -m 644 $(wildcard cmd/*.1) "$(INTO)/share/man/man1"
	install -m 644 $(wildcard cmd/*.8) "$(INTO)/share/man/man8"

clean:
	find build -mindepth 1 -maxdepth 1 ! -name deps ! -name go \
	    -exec rm -rf {} + 2>/dev/null || true
distclean:
	rm -rf build

-include $(OBJ:.o=.d) $(CMDOBJ:.o=.d) $(TESTOBJ:.o=.d) \
    $(FUZZSRC:%.c=$(B)/o/%.d) $(TOOLSRC:%.c=$(B)/o/%.d) \
    $(BENCHSRC:%.c=$(B)/o/%.d)
.SECONDARY:
