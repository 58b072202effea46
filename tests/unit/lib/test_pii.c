/* SPDX-License-Identifier: Apache-2.0 */
/* test_pii.c - personal data in text: what is found, and what is not. */
#include "lib/own.h"
#include "lib/pii_redact.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Everything found, as "type[text] ...". */
static void
check_own(const struct pii_own *own, const char *text, const char *wanted)
{
	char got[512] = "";
	struct pii_hit hit;
	size_t at = 0, len = 0;

	while (pii_next(text, strlen(text), own, &at, &hit)) {
		int n = snprintf(got + len, sizeof(got) - len, "%s%s[%.*s]",
		    len > 0 ? " " : "", pii_type_name(hit.type), (int)hit.len,
		    text + hit.offset);

		len += (size_t)n;
		assert_true(len < sizeof(got));
	}
	if (strcmp(got, wanted) != 0)
		fail_msg("in \"%s\": got %s, wanted %s", text, got, wanted);
}

static void
check(const char *text, const char *wanted)
{
	check_own(NULL, text, wanted);
}

static void
test_mails(void **unused)
{
	(void)unused;
	check("from jan.peeters+x@mail.example.be.",
	    "mail[jan.peeters+x@mail.example.be]");
	check("<a@b.be>,c_d@e-f.org;", "mail[a@b.be] mail[c_d@e-f.org]");
	check("ren\xc3\xa9@\xc3\xa9tat.be", "mail[ren\xc3\xa9@\xc3\xa9tat.be]");
	check("user@localhost @example.be a@ b@.be", "");
}

static void
test_paths(void **unused)
{
	(void)unused;
	check("C:\\Users\\jan\\Desktop\\x.exe", "user[jan]");
	check("c:\\users\\Jan Peeters\\x", "user[Jan Peeters]");
	check("C:\\\\Users\\\\jan\\\\x", "user[jan]");
	check("in C:\\Users\\jan and more", "user[jan]");
	check("C:/Users/jan/x /home/piet/.bashrc /home/an",
	    "user[jan] user[piet] user[an]");
	check("C:\\Documents and Settings\\An\\x", "user[An]");
	check("C:\\Users\\Public\\x /home/ /Users/Shared/y", "");
	check("homer/simpson users of /root/x", "");
	check("\\\\fs01.corp.example\\share\\x", "host[fs01.corp.example]");
	check("(\\\\SRV-1\\c$)", "host[SRV-1]");
	check("\\\\.\\pipe\\x \\\\?\\C:\\x C:\\\\Windows\\\\x", "");
	/* A name that is cut stays whole characters. */
	check("/home/\xc3\xa9\xc3\xa9", "user[\xc3\xa9\xc3\xa9]");
}

static void
test_phones(void **unused)
{
	(void)unused;
	check("+32 2 501 05 60.", "phone[+32 2 501 05 60]");
	check("+32 (0)470/12.34.56", "phone[+32 (0)470/12.34.56]");
	check("0032475123456", "phone[0032475123456]");
	check("+31 20 123 4567 +32 12", "");
}

static void
test_ibans(void **unused)
{
	(void)unused;
	/* Examples of the IBAN registry. */
	check("BE68 5390 0754 7034 and", "iban[BE68 5390 0754 7034]");
	check("be68539007547034", "iban[be68539007547034]");
	check("NL91ABNA0417164300", "iban[NL91ABNA0417164300]");
	check(
	    "DE89 3704 0044 0532 0130 00", "iban[DE89 3704 0044 0532 0130 00]");
	check(
	    "FR1420041010050500013M02606", "iban[FR1420041010050500013M02606]");
	check("BE68 5390 0754 7035", "");
	check("ZZ68539007547034 BE68", "");
}

static void
test_numbers(void **unused)
{
	(void)unused;
	/* Births before 2000 and after, and a "bis" number. */
	check("85.07.30-033.28", "national[85.07.30-033.28]");
	check("85073003328", "national[85073003328]");
	check("17.07.30-033.84", "national[17.07.30-033.84]");
	check("85.07.30-033.29", "");
	check("9985073003328 85073003328a", "");
	/* The Federal Public Service Economy's own. */
	check("0314.595.348", "enterprise[0314.595.348]");
	check("BE 0314.595.348, BE0314595348",
	    "enterprise[0314.595.348] enterprise[0314595348]");
	check("0314.595.349", "");
	check("4111 1111 1111 1111, 378282246310005",
	    "card[4111 1111 1111 1111] card[378282246310005]");
	check("4111111111111112", "");
	/* A digest, a time in microseconds, a version, an address. */
	check("44d88612fea8a8f36de82e1278abb02f", "");
	check("1795314511966364", "");
	check("10.0.19045.3803 192.0.2.10", "");
}

static void
test_own(void **unused)
{
	struct pii_own own = {.word_count = 0};

	(void)unused;
	pii_own_scope(&own,
	    "192.0.2.0/25, 2001:db8:1::/48 water.example AS64500 1.2.3/8");
	pii_own_word(&own, "Aqua NV");
	pii_own_word(&own, "x");
	assert_int_equal(own.range_count, 2);
	check_own(&own, "192.0.2.127:443 192.0.2.128 192.0.2.1.",
	    "address[192.0.2.127] address[192.0.2.1]");
	check_own(
	    &own, "2001:db8:1::7 2001:db8:2::7", "address[2001:db8:1::7]");
	check_own(&own, "at AQUA NV's www.water.example",
	    "own[AQUA NV] own[water.example]");
	check_own(&own, "aqua nvidia deepwater.example", "");
}

static void
test_redaction(void **unused)
{
	struct pii_redactor r;
	auto_free char *a = NULL;
	auto_free char *b = NULL;

	(void)unused;
	pii_redactor_init(&r);
	a = pii_redact(&r, "C:\\Users\\jan\\a, /home/an, C:\\users\\JAN\\b");
	assert_string_equal(
	    a, "C:\\Users\\user#1\\a, /home/user#2, C:\\users\\user#1\\b");
	b = pii_redact(&r, "an@x.be wrote /home/an/x");
	assert_string_equal(b, "mail#1 wrote /home/user#2/x");
	assert_true(pii_is_in(&r, "an@x.be"));
	assert_false(pii_is_in(&r, b));
	pii_redactor_release(&r);
}

/* Whatever the bytes: hits rise, stay inside, and marks hide nothing. */
static void
test_any_bytes(void **unused)
{
	static const char letters[] =
	    "@\\/:. -+(0)BE6839a9\xc3\xa9U\0sers\\home/32";
	uint64_t seed = 7;

	(void)unused;
	for (int round = 0; round < 20000; round++) {
		char text[80];
		size_t len = (size_t)round % sizeof(text), at = 0, end = 0;
		struct pii_hit hit;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 6364136223846793005 + 1442695040888963407;
			text[i] = letters[(seed >> 33) % (sizeof(letters) - 1)];
		}
		while (pii_next(text, len, NULL, &at, &hit)) {
			assert_true(hit.len > 0 && hit.offset >= end);
			end = hit.offset + hit.len;
			assert_true(end <= len && at == end);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mails),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_phones),
	    cmocka_unit_test(test_ibans),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_redaction),
	    cmocka_unit_test(test_any_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
