/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_magic.c - any bytes to be identified.
 *
 * fuzz-links: analysers/identify
 */
#include "analysers/identify/identify.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	(void)identify_load(NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("seed", MFD_CLOEXEC);
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct analysis analysis = {0};

	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	analysis.input = input_new(fd, BLOB_MEMFD, size);
	analysis.out = record_out_new(out);
	if (identify_analyse(&analysis) != ERR_OK)
		abort();
	record_out_free(analysis.out);
	input_free(analysis.input);
	(void)close(out);
	return 0;
}
