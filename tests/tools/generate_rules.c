/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generate_rules.c - random files of rules and random files that hold parts
 * of what those look for; the same for the same seed.
 *
 *	generate_rules SEED COUNT FILES FOLDER
 *
 * writes FOLDER/N.yar for N below COUNT and FILES files FOLDER/N.M for each.
 */
#include "../unit/analysers/rules/generate.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define COUNT_MAX 100000

__attribute__((noreturn)) static void
die(const char *what)
{
	(void)fprintf(
	    stderr, "generate_rules: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
write_file(int folder, const char *name, const void *bytes, size_t len)
{
	auto_close int fd = openat(
	    folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		die(name);
}

static unsigned long
number_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n > COUNT_MAX)
		die(text);
	return n;
}

int
main(int argc, char **argv)
{
	static struct generate g;
	static uint8_t bytes[FILE_BYTES];
	auto_close int folder = -1;
	unsigned long count, files;

	if (argc != 5)
		die("usage: generate_rules SEED COUNT FILES FOLDER");
	/* xorshift knows no way out of zero. */
	g.state = strtoull(argv[1], NULL, 10) * 2 + 1;
	count = number_of(argv[2]);
	files = number_of(argv[3]);
	folder = open(argv[4], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1)
		die(argv[4]);
	for (int i = 0; i < 20; i++)
		(void)pick(&g, 2);
	for (unsigned long i = 0; i < count; i++) {
		char name[64];

		generate_rules(&g);
		(void)snprintf(name, sizeof(name), "%lu.yar", i);
		write_file(folder, name, g.text, g.len);
		for (unsigned long k = 0; k < files; k++) {
			size_t len = generate_file(&g, bytes);

			(void)snprintf(name, sizeof(name), "%lu.%lu", i, k);
			write_file(folder, name, bytes, len);
		}
	}
	return 0;
}
