/* SPDX-License-Identifier: Apache-2.0 */
/* test_pcap.c - captures and their bounds. */
#include "simnet/pcap.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_format(void **state)
{
	static const uint8_t head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0x0e, 0, 1, 0, 1, 0, 0, 0};
	static const uint8_t record[19] = {
	    1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 'a', 'b', 'c'};
	uint8_t got[64];
	struct pcap pcap;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pcap_init(&pcap, fds[1], 1000);
	pcap_add(&pcap, 1000002, (const uint8_t *)"abc", 3);
	pcap_flush(&pcap);
	assert_false(pcap_is_pending(&pcap));
	assert_int_equal(read(fds[0], got, sizeof(got)), 43);
	assert_memory_equal(got, head, 24);
	assert_memory_equal(got + 24, record, 19);
	assert_int_equal(pcap.bytes, 43);
	pcap_release(&pcap);
	assert_int_equal(read(fds[0], got, sizeof(got)), 0);
	(void)close(fds[0]);
}

static void
test_bound(void **state)
{
	uint8_t frame[100] = {0};
	struct pcap pcap;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pcap_init(&pcap, fds[1], 24 + 2 * 116 + 115);
	for (int i = 0; i < 5; i++)
		pcap_add(&pcap, 0, frame, sizeof(frame));
	assert_int_equal(pcap.packets, 2);
	assert_int_equal(pcap.cut, 3);
	pcap_release(&pcap);
	(void)close(fds[0]);
}

static void
test_slow_reader(void **state)
{
	static uint8_t frame[65000];
	struct pcap pcap;
	uint8_t buf[65536];
	uint64_t total = 0;
	ssize_t n;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pcap_init(&pcap, fds[1], 1 << 30);
	while (!pcap_is_full(&pcap)) {
		pcap_add(&pcap, 0, frame, sizeof(frame));
		pcap_flush(&pcap);
	}
	assert_true(pcap_is_pending(&pcap));
	while (pcap_is_pending(&pcap)) {
		n = read(fds[0], buf, sizeof(buf));
		assert_true(n > 0);
		total += (uint64_t)n;
		pcap_flush(&pcap);
	}
	while ((n = read(fds[0], buf, sizeof(buf))) > 0)
		total += (uint64_t)n;
	assert_int_equal(total, pcap.bytes);
	assert_int_equal(pcap.cut, 0);
	pcap_release(&pcap);
	(void)close(fds[0]);
}

static void
test_reader_gone(void **state)
{
	struct pcap pcap;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	pcap_init(&pcap, fds[1], 1000);
	(void)close(fds[0]);
	pcap_flush(&pcap);
	assert_int_equal(pcap.fd, -1);
	pcap_add(&pcap, 0, (const uint8_t *)"x", 1);
	assert_int_equal(pcap.cut, 1);
	pcap_release(&pcap);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_format),
	    cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_slow_reader),
	    cmocka_unit_test(test_reader_gone),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
