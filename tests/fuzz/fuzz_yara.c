/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_yara.c - after a first byte 'r', any bytes as a file of rules that is
 * taken apart; after another one, any bytes to get module facts from.
 *
 * fuzz-links: analysers/yara rules
 */
#include "analysers/yara/compile.h"
#include "analysers/yara/scan.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ruleset *ruleset;
static json_t *context;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	compile_load();
	ruleset = ruleset_load("");
	context =
	    json_pack("{s:s, s:{s:i}}", "name", "seed", "limits", "seconds", 5);
	return 0;
}

/* Each rule lies inside, and a text with some rules left keeps its lines. */
static void
take_apart(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	size_t len = strlen(text);
	struct rule_file *file = rulefile_new("seed", text, len);
	auto_free bool *keep = xcalloc(file->unit_count + 1, sizeof(bool));
	auto_free char *left = NULL;

	for (size_t i = 0; i < file->unit_count; i++) {
		assert(file->units[i].start <= file->units[i].end);
		assert(file->units[i].end <= len);
		keep[i] = i % 2 == 0;
	}
	left = rulefile_text(file, keep);
	assert(strlen(left) == len);
	rulefile_free(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct analysis analysis = {.context = context, .data = ruleset};
	int fd, out;

	if (size == 0)
		return 0;
	if (data[0] == 'r') {
		take_apart(data + 1, size - 1);
		return 0;
	}
	fd = memfd_create("seed", MFD_CLOEXEC);
	out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		abort();
	analysis.input = input_new(fd, BLOB_MEMFD, size - 1);
	analysis.out = record_out_new(out);
	(void)scan_analyse(&analysis);
	record_out_free(analysis.out);
	input_free(analysis.input);
	(void)close(out);
	return 0;
}
