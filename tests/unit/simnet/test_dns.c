/* SPDX-License-Identifier: Apache-2.0 */
/* test_dns.c - queries, names and answers. */
#include "simnet/dns.h"

#include "simnet/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t header[12] = {0x12, 0x34, 0x01, 0x00, 0, 1};

static size_t
query(uint8_t *dst, const char *name, unsigned int type)
{
	size_t len = sizeof(header);

	memcpy(dst, header, sizeof(header));
	while (*name != '\0') {
		size_t label = strcspn(name, ".");

		dst[len++] = (uint8_t)label;
		memcpy(dst + len, name, label);
		len += label;
		name += label + (name[label] == '.');
	}
	dst[len++] = 0;
	put16(dst + len, type);
	put16(dst + len + 2, 1);
	return len + 4;
}

static int
setup(void **state)
{
	static struct names names;

	names_init(&names);
	*state = &names;
	return 0;
}

static int
teardown(void **state)
{
	names_release(*state);
	return 0;
}

static uint32_t
ask_a(struct names *names, const char *name)
{
	uint8_t q[300], a[DNS_ANSWER_BYTES];
	size_t len = query(q, name, 1);
	size_t n = dns_answer(names, q, len, a);

	assert_true(n > len);
	assert_int_equal(get16(a), 0x1234);
	assert_int_equal(get16(a + 2), 0x8580);
	assert_int_equal(get16(a + 6), 1);
	assert_int_equal(get16(a + len), 0xc00c);
	assert_int_equal(get16(a + len + 10), 4);
	return get32(a + len + 12);
}

static void
test_every_name_has_its_own_address(void **state)
{
	uint32_t one = ask_a(*state, "evil.example.com");
	uint32_t two = ask_a(*state, "other.example.com");

	assert_int_not_equal(one, two);
	assert_int_equal(one, ask_a(*state, "EVIL.example.COM"));
	assert_int_equal(one >> 17, NAMES_BASE >> 17);
	assert_string_equal(names_of(*state, one), "evil.example.com");
	assert_string_equal(names_of(*state, two), "other.example.com");
	assert_null(names_of(*state, two + 1));
}

static void
test_aaaa_is_empty_not_an_error(void **state)
{
	uint8_t q[300], a[DNS_ANSWER_BYTES];
	size_t len = query(q, "a.b", 28);

	assert_int_equal(dns_answer(*state, q, len, a), len);
	assert_int_equal(get16(a + 2) & 0xf, 0);
	assert_int_equal(get16(a + 6), 0);
}

static void
test_mx_txt_ptr(void **state)
{
	uint8_t q[300], a[DNS_ANSWER_BYTES];
	uint32_t address = ask_a(*state, "host.example.org");
	char reverse[64];
	size_t len, n;

	len = query(q, "example.org", 15);
	assert_true(dns_answer(*state, q, len, a) > len);
	assert_memory_equal(a + len + 14, "\004mail\xc0\x0c", 7);
	len = query(q, "example.org", 16);
	assert_true(dns_answer(*state, q, len, a) > len);
	(void)snprintf(reverse, sizeof(reverse), "%u.%u.%u.%u.in-addr.arpa",
	    address & 0xff, address >> 8 & 0xff, address >> 16 & 0xff,
	    address >> 24);
	len = query(q, reverse, 12);
	n = dns_answer(*state, q, len, a);
	assert_int_equal(n, len + 12 + 18);
	assert_memory_equal(a + len + 12, "\004host\007example\003org", 18);
}

static void
test_odd_bytes_become_text(void **state)
{
	uint8_t q[40];
	struct dns_question question;

	(void)state;
	memcpy(q, header, sizeof(header));
	memcpy(q + 12, "\004a.\\\001\000\000\001\000\001", 11);
	assert_int_equal(dns_parse(q, 12 + 10, &question), ERR_OK);
	assert_string_equal(question.name, "a\\046\\092\\001");
}

static void
test_damage(void **state)
{
	uint8_t q[300], a[DNS_ANSWER_BYTES];
	struct dns_question question;
	size_t len = query(q, "www.example.com", 1);

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(dns_parse(q, cut, &question), ERR_FORMAT);
	q[2] |= 0x80;
	assert_int_equal(dns_answer(*state, q, len, a), 0);
	q[2] = 1;
	q[12] = 0xc0; /* compression in a question */
	assert_int_equal(dns_parse(q, len, &question), ERR_FORMAT);
	q[12] = 64; /* too long a label */
	assert_int_equal(dns_parse(q, len, &question), ERR_FORMAT);
}

static void
test_name_length_is_bounded(void **state)
{
	uint8_t q[600];
	struct dns_question question;
	size_t len = 12;

	(void)state;
	memcpy(q, header, sizeof(header));
	for (int i = 0; i < 8; i++) {
		q[len++] = 63;
		memset(q + len, 1, 63);
		len += 63;
	}
	memset(q + len, 0, 5);
	assert_int_equal(dns_parse(q, len + 5, &question), ERR_FORMAT);
}

static void
test_table_is_bounded(void **state)
{
	struct names *names = *state;
	char name[32];

	for (unsigned int i = 0; i < NAMES_MAX + 10; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		(void)names_ask(names, name, NAME_A);
	}
	assert_int_equal(names->count, NAMES_MAX);
	assert_int_equal(names->overflow, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_every_name_has_its_own_address, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_aaaa_is_empty_not_an_error, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_mx_txt_ptr, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_odd_bytes_become_text, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_name_length_is_bounded, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_table_is_bounded, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
