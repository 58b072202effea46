/* SPDX-License-Identifier: Apache-2.0 */
/* test_fileio.c - reads and writes that are whole or fail. */
#include "lib/fileio.h"

#include "lib/own.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* More than a pipe holds. */
#define MANY 300000

static void
test_places(void **state)
{
	auto_close int fd = memfd_create("file", MFD_CLOEXEC);
	char back[8];

	(void)state;
	assert_int_equal(file_write(fd, "abcdef", 6), ERR_OK);
	assert_int_equal(file_write_at(fd, 2, "XY", 2), ERR_OK);
	assert_int_equal(file_read_at(fd, 1, back, 4), ERR_OK);
	assert_memory_equal(back, "bXYe", 4);
	assert_int_equal(file_read_at(fd, 6, back, 0), ERR_OK);
	assert_int_equal(file_read_at(fd, 4, back, 3), ERR_EOF);
	assert_int_equal(file_read_at(fd, 7, back, 1), ERR_EOF);
}

static void
test_text(void **state)
{
	auto_close int fd = memfd_create("file", MFD_CLOEXEC);
	auto_free char *text = NULL, *rest = NULL;
	size_t len = 7;

	(void)state;
	assert_int_equal(file_write(fd, "abcdef", 6), ERR_OK);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	text = file_read_text(fd, 4, &len);
	assert_int_equal(len, 4);
	assert_string_equal(text, "abcd");
	rest = file_read_text(fd, 4, &len);
	assert_int_equal(len, 2);
	assert_string_equal(rest, "ef");
}

static void
test_errors(void **state)
{
	auto_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	char byte;

	(void)state;
	assert_int_not_equal(full, -1);
	assert_int_equal(file_write(full, "a", 1), ERR_SYS);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(file_write_at(-1, 0, "a", 1), ERR_SYS);
	assert_int_equal(errno, EBADF);
	assert_int_equal(file_read_at(-1, 0, &byte, 1), ERR_SYS);
	assert_int_equal(errno, EBADF);
}

/* A pipe takes a part at a time. */
static void
test_parts(void **state)
{
	static char many[MANY];
	char piece[4096];
	size_t sum = 0;
	ssize_t n;
	int fds[2], status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0)
		_exit(file_write(fds[1], many, sizeof(many)) == ERR_OK ? 0 : 1);
	(void)close(fds[1]);
	while ((n = read(fds[0], piece, sizeof(piece))) > 0)
		sum += (size_t)n;
	(void)close(fds[0]);
	assert_int_equal(sum, MANY);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_parts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
