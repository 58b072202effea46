/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - main() of a fuzz target without libFuzzer: replays its corpus and
 * past crashes, each also cut short and with flipped bits, and prints TAP.
 *
 * The target's name is the program's: build/tests/fuzz/fuzz_X reads
 * tests/fuzz/corpus/X/ and tests/fuzz/crash/X/.
 */
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Where a target has one (it is called before the first input). */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Variants of each seed; spread over it. */
#define VARIANTS   48
#define SEED_BYTES ((size_t)4 * 1024 * 1024)
/* A target that hangs fails. */
#define SECONDS 120

/* A copy of its own, so that a sanitizer sees a read past its end. */
static void
feed(const uint8_t *p, size_t len)
{
	uint8_t *copy = xmalloc(len);

	memcpy(copy, p, len);
	(void)LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static void
replay(const uint8_t *p, size_t len)
{
	uint8_t *copy = xmemdup(p, len);

	feed(p, len);
	for (size_t i = 0; i < VARIANTS && len > 0; i++) {
		size_t at = len * i / VARIANTS;

		feed(p, at);
		copy[at] ^= (uint8_t)(1u << i % 8);
		feed(copy, len);
		copy[at] ^= (uint8_t)(1u << i % 8);
	}
	free(copy);
}

static size_t
replay_file(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free uint8_t *bytes = NULL;
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size > SEED_BYTES)
		return 0;
	bytes = xmalloc((size_t)st.st_size);
	n = read(fd, bytes, (size_t)st.st_size);
	if (n < 0)
		return 0;
	replay(bytes, (size_t)n);
	return 1;
}

static size_t
replay_folder(const char *kind, const char *name)
{
	auto_free char *folder = xasprintf("tests/fuzz/%s/%s", kind, name);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		auto_free char *path =
		    xasprintf("%s/%s", folder, entry->d_name);

		count += replay_file(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	size_t seeds, crashes;

	name = name == NULL ? argv[0] : name + 1;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	(void)alarm(SECONDS);
	(void)signal(SIGPIPE, SIG_IGN);
	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	seeds = replay_folder("corpus", name);
	crashes = replay_folder("crash", name);
	/* Nothing at all is an input, too. */
	feed((const uint8_t *)"", 0);
	printf("%s 1 - %s: %zu seeds and their variants\n",
	    seeds > 0 ? "ok" : "not ok", name, seeds);
	printf("ok 2 - %s: %zu past crashes\n1..2\n", name, crashes);
	return seeds > 0 ? 0 : 1;
}
