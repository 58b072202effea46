/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_archive.c - any bytes as an archive, with tight limits.
 *
 * fuzz-links: analysers/archive
 */
#include "analysers/archive/archive.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *context;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	(void)archive_load(NULL);
	context = json_pack("{s:s, s:[s], s:{s:i, s:i, s:i}}", "name",
	    "seed.gz", "passwords", "given", "limits", "bytes", 1 << 20,
	    "children", 50, "seconds", 5);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("seed", MFD_CLOEXEC);
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct analysis analysis = {.context = context};

	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	analysis.input = input_new(fd, BLOB_MEMFD, size);
	analysis.out = record_out_new(out);
	(void)archive_analyse(&analysis);
	record_out_free(analysis.out);
	input_free(analysis.input);
	(void)close(out);
	return 0;
}
