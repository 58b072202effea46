/* SPDX-License-Identifier: Apache-2.0 */
/* handlers.c - which function serves which operation of lib/call.def. */
#include "store/handlers.h"

#include "store/rescan.h"

/* Reads that are one statement of the same name and nothing else. */
#define READ(name)                         \
 static int read_##name(struct request *r) \
 {                                         \
  return request_read(r, STMT_##name);     \
 }

READ(CASE_GET)
READ(CASE_PROGRESS)
READ(SUBMISSION_LIST)
READ(ARTEFACT_GET)
READ(RECEIPT_GET)
READ(JOB_LIST)
READ(JOB_GET)
READ(RUN_LIST)
READ(RUN_GET)
READ(REPORT_LIST)
READ(REPORT_GET)
READ(DISCLOSURE_LIST)
READ(ACCESS_LIST)
READ(SLOT_LIST)
READ(PROFILE_LIST)
READ(AUDIT_LIST)
READ(CASE_TASKS)

request_fn *const handlers[CALL_COUNT] = {
    [CALL_SESSION_PEER] = session_peer,
    [CALL_SESSION_COOKIE] = session_cookie,
    [CALL_SESSION_TOKEN] = session_token,
    [CALL_SESSION_CERT] = session_cert,
    [CALL_SESSION_END] = session_end,
    [CALL_LOGIN] = login,
    [CALL_INVITE_ACCEPT] = invite_accept,
    [CALL_SESSION_LIST] = session_list,
    [CALL_SESSION_CLOSE] = session_close,
    [CALL_PASSWORD_SET] = password_set,
    [CALL_TOTP_BEGIN] = totp_begin,
    [CALL_TOTP_CONFIRM] = totp_confirm,
    [CALL_TOTP_REMOVE] = totp_remove,
    [CALL_TOKEN_CREATE] = token_create,
    [CALL_TOKEN_LIST] = token_list,
    [CALL_TOKEN_REVOKE] = token_revoke,
    [CALL_ORG_CREATE] = org_create,
    [CALL_ORG_LIST] = org_list,
    [CALL_ORG_GET] = org_get,
    [CALL_ACCOUNT_CREATE] = account_create,
    [CALL_ACCOUNT_LIST] = account_list,
    [CALL_ACCOUNT_SET] = account_set,
    [CALL_ACCOUNT_KEY] = account_key,
    [CALL_INVITE_CREATE] = invite_create,
    [CALL_CASE_CREATE] = case_create,
    [CALL_CASE_LIST] = case_list,
    [CALL_CASE_GET] = read_CASE_GET,
    [CALL_CASE_PROGRESS] = read_CASE_PROGRESS,
    [CALL_SUBMISSION_CREATE] = submission_create,
    [CALL_SUBMISSION_LIST] = read_SUBMISSION_LIST,
    [CALL_UPLOAD_CREATE] = upload_create,
    [CALL_UPLOAD_FINISH] = upload_finish,
    [CALL_UPLOAD_ABORT] = upload_abort,
    [CALL_UPLOAD_BEGIN] = upload_begin,
    [CALL_UPLOAD_APPEND] = upload_append,
    [CALL_UPLOAD_SAVE] = upload_save,
    [CALL_UPLOAD_DISCARD] = upload_discard,
    [CALL_UPLOAD_GET] = upload_get,
    [CALL_UPLOAD_TERMINATE] = upload_terminate,
    [CALL_ARTEFACT_LIST] = artefact_list,
    [CALL_ARTEFACT_GET] = read_ARTEFACT_GET,
    [CALL_ARTEFACT_OPEN] = artefact_open,
    [CALL_RECEIPT_GET] = read_RECEIPT_GET,
    [CALL_FINDING_LIST] = finding_list,
    [CALL_JOB_LIST] = read_JOB_LIST,
    [CALL_JOB_GET] = read_JOB_GET,
    [CALL_JOB_RETRY] = job_retry,
    [CALL_JOB_CANCEL] = job_cancel,
    [CALL_RUN_CREATE] = run_create,
    [CALL_RUN_LIST] = read_RUN_LIST,
    [CALL_RUN_GET] = read_RUN_GET,
    [CALL_RUN_EVENTS] = run_events,
    [CALL_REPORT_CREATE] = report_create,
    [CALL_REPORT_LIST] = read_REPORT_LIST,
    [CALL_REPORT_OPEN] = report_open,
    [CALL_REPORT_GET] = read_REPORT_GET,
    [CALL_REPORT_EDIT] = report_edit,
    [CALL_REPORT_SUBMIT] = report_submit,
    [CALL_REPORT_APPROVE] = report_approve,
    [CALL_REPORT_RETURN] = report_return,
    [CALL_REPORT_ISSUE] = report_issue,
    [CALL_REPORT_RECALL] = report_recall,
    [CALL_DISCLOSURE_LIST] = read_DISCLOSURE_LIST,
    [CALL_ACCESS_LIST] = read_ACCESS_LIST,
    [CALL_SLOT_LIST] = read_SLOT_LIST,
    [CALL_PROFILE_LIST] = read_PROFILE_LIST,
    [CALL_POOL_ORDER] = pool_order,
    [CALL_RULES_CREATE] = rules_create,
    [CALL_RULES_UPLOAD] = rules_upload,
    [CALL_RULES_SET] = rules_set,
    [CALL_RULES_TESTED] = rules_tested,
    [CALL_RULES_APPROVE] = rules_approve,
    [CALL_RULES_REJECT] = rules_reject,
    [CALL_RULES_ACTIVATE] = rules_activate,
    [CALL_RULES_LIST] = rules_list,
    [CALL_RULES_GET] = rules_get,
    [CALL_RULES_SOURCES] = rules_sources,
    [CALL_RULES_RULES] = rules_rules,
    [CALL_RULES_NOTES] = rules_notes,
    [CALL_RULES_RULE] = rules_rule,
    [CALL_RULES_DIFF] = rules_diff,
    [CALL_RULES_BUNDLE] = rules_bundle,
    [CALL_RULES_EXPORT] = rules_units,
    [CALL_RULES_UNITS] = rules_units,
    [CALL_AUDIT_LIST] = read_AUDIT_LIST,
    [CALL_AUDIT_EXPORT] = audit_export,
    [CALL_VERIFY] = verify,
    [CALL_BACKUP_BEGIN] = backup_begin,
    [CALL_BACKUP_GET] = backup_get,
    [CALL_BACKUP_END] = backup_end,
    [CALL_STATUS] = status,
    [CALL_JOB_LEASE] = job_lease,
    [CALL_JOB_HEARTBEAT] = job_heartbeat,
    [CALL_JOB_INPUT] = job_input,
    [CALL_JOB_PACK] = job_pack,
    [CALL_JOB_RECORDS] = job_records,
    [CALL_JOB_RULES] = job_rules,
    [CALL_CHILD_CREATE] = child_create,
    [CALL_CHILD_COMMIT] = child_commit,
    [CALL_CHILD_ABORT] = child_abort,
    [CALL_JOB_DONE] = job_done,
    [CALL_JOBS_DONE] = jobs_done,
    [CALL_JOB_RELEASE] = job_release,
    [CALL_CASE_DUMP] = case_dump,
    [CALL_INDEX_WORK] = index_work,
    [CALL_UNITS_OPEN] = units_open,
    [CALL_UNITS_GONE] = units_gone,
    [CALL_UNIT_FORGOTTEN] = unit_forgotten,
    [CALL_INDEX_REPORT] = index_report,
    [CALL_SLOT_REPORT] = slot_report,
    [CALL_PROFILE_REPORT] = profile_report,
    [CALL_ANALYSER_REPORT] = analyser_report,
    [CALL_POOL_ORDERS] = pool_orders,
    [CALL_RULESET_GET] = ruleset_get,
    [CALL_RESCAN_LEASE] = rescan_lease,
    [CALL_RESCAN_CONDITIONS] = rescan_conditions,
    [CALL_RESCAN_PACK] = rescan_pack,
    [CALL_RESCAN_RESULT] = rescan_result,
    [CALL_RESCAN_FAIL] = rescan_fail,
    [CALL_RESCAN_CREATE] = rescan_create,
    [CALL_RESCAN_LIST] = rescan_list,
    [CALL_RESCAN_GET] = rescan_get,
    [CALL_RESCAN_CHANGES] = rescan_changes,
    [CALL_RESCAN_GAPS] = rescan_gaps,
    [CALL_RESCAN_ORDER] = rescan_order,
    [CALL_RESCAN_PROOF] = rescan_proof,
    [CALL_PROOF_TASKS] = proof_tasks,
    [CALL_PROOF_ANSWER] = proof_answer,
    [CALL_CASE_TASKS] = read_CASE_TASKS,
};
