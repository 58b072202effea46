/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_bundle.c - bundles that are copied, and files that go into one.
 * fuzz-links: cli
 *
 * The first byte chooses: a bundle to copy, or a path and a text (up to the
 * first NUL, and behind it) to add.
 */
#include "cli/bundle.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bundle_source source = {
    .name = "own",
    .namespace = "",
    .licence = "",
    .tlp = "",
    .owner = "",
};

/* What was written is a bundle of as many files. */
static void
check(const struct bundle *bundle)
{
	int fd = memfd_create("again", MFD_CLOEXEC);
	struct bundle again;
	size_t left_out;

	if (fd == -1 || bundle_begin(&again, fd) != ERR_OK ||
	    bundle_copy(&again, bundle->fd, "", &left_out) != ERR_OK ||
	    again.files != bundle->files || again.bytes != bundle->bytes)
		abort();
	(void)close(fd);
}

static void
copy(struct bundle *bundle, const uint8_t *data, size_t size)
{
	int fd = memfd_create("from", MFD_CLOEXEC);
	size_t left_out;

	if (fd == -1 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)!bundle_copy(bundle, fd, "own", &left_out);
	(void)close(fd);
}

static void
add(struct bundle *bundle, const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	size_t len = end == NULL ? size : (size_t)(end - data);
	char *path = xstrndup((const char *)data, len);
	const uint8_t *text = end == NULL ? data + size : end + 1;

	(void)bundle_is_index((const char *)text, (size_t)(data + size - text));
	(void)!bundle_add_sample(
	    bundle, &source, path, text, (size_t)(data + size - text));
	(void)!bundle_add(
	    bundle, &source, path, text, (size_t)(data + size - text));
	free(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);
	struct bundle bundle;

	if (fd == -1 || bundle_begin(&bundle, fd) != ERR_OK)
		abort();
	if (size > 0 && data[0] % 2 == 0)
		copy(&bundle, data + 1, size - 1);
	else if (size > 0)
		add(&bundle, data + 1, size - 1);
	check(&bundle);
	(void)close(fd);
	return 0;
}
