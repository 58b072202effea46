// SPDX-License-Identifier: Apache-2.0
// Taking back what was sent by mistake.
import { useState } from 'preact/hooks';
import { path, post } from '../../api/client.js';
import type { Submission } from '../../api/types.js';
import { Badge, Button } from '../../components/basic.js';
import { Dialog } from '../../components/dialog.js';
import { TextArea } from '../../components/form.js';
import { ProblemAlert, useAction } from '../../components/load.js';
import { toast } from '../../components/toast.js';
import { useT } from '../../i18n/index.js';
import { useSession } from '../../session.js';

export function Withdraw(props: {
  submission: Submission;
  onDone: () => void;
}) {
  const t = useT();
  const session = useSession();
  const { submission: s } = props;
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const withdraw = useAction(async () => {
    await post(path`/submissions/${s.id}/withdraw`, { reason: reason.trim() });
    toast(t.withdraw.done);
    setAsking(false);
    props.onDone();
  });

  if (s.state === 'withdrawn' || s.state === 'deleted')
    return <Badge>{t.stages[s.state]}</Badge>;
  if (!session.can('withdraw', 'submit')) return null;
  return (
    <>
      <Button small kind="danger" onClick={() => setAsking(true)}>
        {t.withdraw.button}
      </Button>
      {isAsking && (
        <Dialog title={t.withdraw.title} onClose={() => setAsking(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void withdraw.run();
            }}
          >
            <p>{t.withdraw.text}</p>
            <TextArea
              label={t.common.reason}
              value={reason}
              onChange={setReason}
              maxLength={1000}
              rows={3}
              required
            />
            {withdraw.error ? <ProblemAlert error={withdraw.error} /> : null}
            <div class="actions">
              <Button type="submit" kind="danger" busy={withdraw.isBusy}>
                {t.withdraw.submit}
              </Button>
              <Button onClick={() => setAsking(false)}>
                {t.common.cancel}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
