/* SPDX-License-Identifier: Apache-2.0 */
/* Where addresses lie: what is public, what lists allow. */
#include "lib/inet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
read_address(const char *text, uint8_t address[INET_BYTES])
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		assert_int_equal(
		    inet_of((const struct sockaddr *)&in, address), ERR_OK);
		return;
	}
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	assert_int_equal(
	    inet_of((const struct sockaddr *)&in6, address), ERR_OK);
}

static bool
is_public(const char *text)
{
	uint8_t address[INET_BYTES];

	read_address(text, address);
	return inet_is_public(address);
}

static void
test_public(void **state)
{
	static const char *const open[] = {"1.1.1.1", "9.255.255.255",
	    "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
	    "100.63.255.255", "100.128.0.0", "223.255.255.255", "198.20.0.1",
	    "2606:4700::1111", "2a00::1", "2001:4860::8888", "2620:fe::fe",
	    "::ffff:8.8.8.8"};
	static const char *const closed[] = {"0.0.0.0", "0.1.2.3", "10.0.0.1",
	    "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.255.255.254",
	    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
	    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
	    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	    "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1",
	    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
	    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
	    "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1",
	    "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd12::1",
	    "fe80::1", "fec0::1", "ff02::1", "4000::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		if (!is_public(open[i]))
			fail_msg("%s is public", open[i]);
	}
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		if (is_public(closed[i]))
			fail_msg("%s is not public", closed[i]);
	}
}

static bool
has(const struct inet_ranges *ranges, const char *text)
{
	uint8_t address[INET_BYTES];

	read_address(text, address);
	return inet_ranges_have(ranges, address);
}

static void
test_ranges(void **state)
{
	struct inet_ranges r;

	(void)state;
	assert_int_equal(
	    inet_ranges_read(" 127.0.0.2  10.1.0.0/16 fd00::/8 ::1 ", &r),
	    ERR_OK);
	assert_int_equal(r.count, 4);
	assert_true(has(&r, "127.0.0.2"));
	assert_true(has(&r, "::ffff:127.0.0.2"));
	assert_false(has(&r, "127.0.0.1"));
	assert_false(has(&r, "127.0.0.3"));
	assert_true(has(&r, "10.1.255.255"));
	assert_false(has(&r, "10.2.0.0"));
	assert_true(has(&r, "fdff::1"));
	assert_false(has(&r, "fe00::1"));
	assert_true(has(&r, "::1"));
	assert_int_equal(inet_ranges_read("::ffff:10.0.0.0/104", &r), ERR_OK);
	assert_true(has(&r, "10.9.9.9"));
	assert_false(has(&r, "11.0.0.0"));
	assert_int_equal(inet_ranges_read("0.0.0.0/0", &r), ERR_OK);
	assert_true(has(&r, "10.0.0.1"));
	assert_false(has(&r, "::1"));
	assert_int_equal(inet_ranges_read("::/0", &r), ERR_OK);
	assert_true(has(&r, "fe80::1"));
	assert_false(has(&r, "10.0.0.1"));
	assert_int_equal(inet_ranges_read("192.0.2.128/25", &r), ERR_OK);
	assert_true(has(&r, "192.0.2.255"));
	assert_false(has(&r, "192.0.2.127"));
	assert_int_equal(inet_ranges_read("", &r), ERR_OK);
	assert_false(has(&r, "127.0.0.1"));
}

static void
test_bad_ranges(void **state)
{
	static const char *const bad[] = {"x", "10.0.0.0/33", "10.0.0.1/8",
	    "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "1.2.3.4,",
	    "::/129", "fd00::1/8", "/8", "localhost", "10.0.0.0/8/8",
	    "fe80::1%lo", "10.0.0.0/0008",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd"};
	char many[4096] = "";
	struct inet_ranges r = {.count = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (inet_ranges_read(bad[i], &r) == ERR_OK)
			fail_msg("\"%s\" is no list", bad[i]);
	}
	for (size_t i = 0; i <= INET_RANGES_MAX; i++)
		memcpy(many + 8 * i, "1.2.3.4 ", 9);
	assert_int_equal(inet_ranges_read(many, &r), ERR_LIMIT);
	assert_int_equal(r.count, 7);
}

static void
test_other_families(void **state)
{
	struct sockaddr other = {.sa_family = AF_UNIX};
	uint8_t address[INET_BYTES];

	(void)state;
	assert_int_equal(inet_of(&other, address), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_public),
	    cmocka_unit_test(test_ranges),
	    cmocka_unit_test(test_bad_ranges),
	    cmocka_unit_test(test_other_families),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
