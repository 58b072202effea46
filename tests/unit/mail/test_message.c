/* SPDX-License-Identifier: Apache-2.0 */
/* test_message.c - mails: headers that nothing foreign adds to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base64.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "mail/message.h"
#include "mail/text.h"

#include <string.h>

static const struct message_sender sender = {
    "cert@cert.example", "CERT", "CERT.be", "https://portal.example/"};

static struct message
message(const char *kind, const char *language, const json_t *detail)
{
	return (struct message){
	    .id = "01a2014d-d0e2-7001-95fe-d42deba7a12f",
	    .kind = kind,
	    .number = "BE-2026-WH06-PVWG-H",
	    .address = "reader@org.example",
	    .name = "Reader",
	    .language = language,
	    .tlp = "TLP:AMBER+STRICT",
	    .mode = "normal",
	    .detail = detail,
	    .created_at = INT64_C(1795300000) * 1000000,
	};
}

static json_t *
detail(const char *clock)
{
	return json_pack("{s:s,s:s,s:I,s:I,s:[s,s]}", "class", "C3", "clock",
	    clock, "opening_s", (json_int_t)1795420800, "offset_s",
	    (json_int_t)3600, "services", "warnings", "something_new");
}

/* The whole message, or NULL; the caller frees. */
static char *
make(const struct message *m)
{
	struct wire_out out;
	char *text = NULL;

	wire_out_init(&out, MESSAGE_BYTES_MAX);
	if (message_put(&out, &sender, m) == ERR_OK)
		text = xstrndup((const char *)out.buf, out.len);
	wire_out_release(&out);
	return text;
}

/* The decoded body; the caller frees. */
static char *
body_of(const char *text)
{
	const char *p = strstr(text, "\r\n\r\n") + 4;
	char *body = xcalloc(1, strlen(p) + 1);
	size_t len = 0;

	while (*p != '\0') {
		size_t n = strcspn(p, "\r"), got;

		assert_int_equal(
		    base64_decode(p, n, (uint8_t *)body + len, &got), ERR_OK);
		len += got;
		p += n + 2;
	}
	return body;
}

/* Every line of the head is short ASCII; names stand once. */
static void
check_head(const char *text)
{
	static const char *const names[] = {
	    "From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ",
	    "References: ", "Auto-Submitted: ", "X-Auto-Response-Suppress: ",
	    "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: "};
	const char *end = strstr(text, "\r\n\r\n");
	size_t count = 0;

	assert_non_null(end);
	for (const char *p = text; p < end; p = strstr(p, "\r\n") + 2) {
		size_t len = (size_t)(strstr(p, "\r\n") - p);
		bool is_known = *p == ' ';

		assert_in_range(len, 1, 998);
		for (size_t i = 0; i < len; i++)
			assert_in_range(p[i], ' ', '~');
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			is_known |= strncmp(p, names[i], strlen(names[i])) == 0;
		count += *p != ' ';
		assert_true(is_known);
	}
	assert_int_equal(count, sizeof(names) / sizeof(names[0]));
}

static void
test_every_kind_in_every_language(void **state)
{
	static const char *const kinds[] = {"ack", "refused",
	    "report_available", "message_waiting", "late_detection",
	    "withdrawn", "declined", "report_recalled", "consent_asked"};
	static const char *const languages[] = {"nl", "fr", "de", "en"};
	auto_json json_t *d = detail("office");

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *last = "";

		for (size_t j = 0; j < 4; j++) {
			struct message m = message(kinds[i], languages[j], d);
			auto_free char *text = make(&m);
			auto_free char *body = NULL;
			const char *subject =
			    text_find(kinds[i])
				->in[text_language(languages[j])]
				.subject;

			assert_non_null(text);
			check_head(text);
			body = body_of(text);
			assert_int_equal(
			    strncmp(body, "TLP:AMBER+STRICT\n", 17), 0);
			assert_non_null(strstr(body, "BE-2026-WH06-PVWG-H"));
			assert_non_null(strstr(body, sender.portal));
			assert_null(strchr(body, '{'));
			assert_string_not_equal(subject, last);
			last = subject;
		}
	}
}

static void
test_clock_and_crisis(void **state)
{
	auto_json json_t *office = detail("office");
	auto_json json_t *always = detail("24x7");
	struct message m = message("ack", "en", office);
	auto_free char *closed = NULL;
	auto_free char *body = NULL;
	auto_free char *crisis = NULL;
	auto_free char *crisis_body = NULL;

	(void)state;
	closed = make(&m);
	body = body_of(closed);
	assert_non_null(strstr(body, "we open again on 2026-11-23 09:00"));
	m.detail = always;
	m.mode = "national_crisis";
	m.is_exercise = true;
	crisis = make(&m);
	crisis_body = body_of(crisis);
	assert_non_null(strstr(crisis_body, "around the clock"));
	assert_non_null(strstr(crisis_body, "national cyber crisis"));
	assert_non_null(strstr(crisis_body, "EXERCISE"));
}

static void
test_hostile_names(void **state)
{
	static const char *const names[] = {
	    "Eve\r\nBcc: victim@example.org\r\n\r\nHi", "Eve\nX-Other: 1",
	    "\"Eve\" <other@example.org>,",
	    "=?UTF-8?B?QmNjOiBh?=", "\x1b[31mred\x07", "",
	    "\xff\xfe not UTF-8 \x80", "a, b; c: d"};
	auto_json json_t *d = detail("office");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct message m = message("ack", "en", d);
		auto_free char *text = NULL;

		m.name = names[i];
		text = make(&m);
		assert_non_null(text);
		check_head(text);
		assert_null(strstr(text, "\r\nBcc"));
		assert_non_null(
		    strstr(text, "<reader@org.example>\r\nSubject"));
	}
}

static void
test_long_names_are_cut_between_characters(void **state)
{
	auto_json json_t *d = detail("office");
	struct message m = message("ack", "fr", d);
	char name[4096] = "";
	auto_free char *text = NULL;

	(void)state;
	for (size_t i = 0; i < 900; i++)
		memcpy(name + 4 * i, "\xf0\x9f\x90\x9b", 5);
	m.name = name;
	text = make(&m);
	assert_non_null(text);
	check_head(text);
	assert_true(strlen(text) < 4096);
}

/* What would end a header, or is nothing that a mail can go to. */
static void
test_what_is_no_mail(void **state)
{
	static const char *const addresses[] = {
	    "", "a", "a@b\r\nBcc: c@d", "a b@c", "<a@b>", "a@b,c@d"};
	auto_json json_t *d = detail("office");

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct message m = message("ack", "en", d);

		m.address = addresses[i];
		assert_null(make(&m));
	}
	for (size_t i = 0; i < 3; i++) {
		struct message m = message("ack", "en", d);

		*(i == 0 ? &m.kind : i == 1 ? &m.number : &m.id) = "a\r\nb";
		assert_null(make(&m));
	}
}

/* The same row is the same mail: who gets it twice can tell. */
static void
test_same_bytes(void **state)
{
	auto_json json_t *d = detail("office");
	struct message m = message("ack", "de", d);
	auto_free char *a = make(&m);
	auto_free char *b = make(&m);

	(void)state;
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "Message-ID: <01a2014d-d0e2-7001-95fe-"
				  "d42deba7a12f@cert.example>\r\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_kind_in_every_language),
	    cmocka_unit_test(test_clock_and_crisis),
	    cmocka_unit_test(test_hostile_names),
	    cmocka_unit_test(test_long_names_are_cut_between_characters),
	    cmocka_unit_test(test_what_is_no_mail),
	    cmocka_unit_test(test_same_bytes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
