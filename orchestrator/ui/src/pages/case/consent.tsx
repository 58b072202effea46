// SPDX-License-Identifier: Apache-2.0
// The submitter's word on sharing something of their case with others.
import { download, getAll, path, post } from '../../api/client.js';
import { fileName, type Disclosure } from '../../api/share.js';
import {
  Badge,
  Button,
  Card,
  Facts,
  Name,
  Time,
} from '../../components/basic.js';
import { ProblemAlert, useAction, useLoad } from '../../components/load.js';
import { Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { useSession } from '../../session.js';

function Question(props: { item: Disclosure; reload: () => void }) {
  const t = useT();
  const s = t.sharing;
  const { can } = useSession();
  const { item } = props;
  const to = path`/disclosures/${item.id}`;
  const look = useAction(() =>
    download('GET', `${to}/preview`, fileName(item)),
  );
  const answer = useAction(async (word: 'yes' | 'no') => {
    await post(`${to}/consent`, { answer: word });
    props.reload();
  });

  return (
    <Card title={s.consentTitle}>
      <Facts
        items={[
          [
            s.recipient,
            <>
              <Name text={item.recipient_name ?? ''} /> (
              {wordFor(s.kinds, item.recipient_kind)})
            </>,
          ],
          [s.purpose, <Name text={item.purpose} />],
          [s.ceiling, <Tlp label={item.tlp} />],
          [s.consentUntilLabel, <Time at={item.consent_due} />],
          item.state !== 'consent_pending' && [
            t.common.state,
            <Badge tone={item.state === 'denied' ? 'neutral' : 'info'}>
              {wordFor(s.states, item.state)}
            </Badge>,
          ],
        ]}
      />
      {item.state === 'consent_pending' && (
        <>
          <p class="hint">{s.consentUntil}</p>
          <p class="actions">
            <Button onClick={() => void look.run()}>{s.consentLook}</Button>
            {can('submit') && (
              <>
                <Button
                  kind="primary"
                  busy={answer.isBusy}
                  onClick={() => void answer.run('yes')}
                >
                  {s.consentYes}
                </Button>
                <Button
                  busy={answer.isBusy}
                  onClick={() => void answer.run('no')}
                >
                  {s.consentNo}
                </Button>
              </>
            )}
          </p>
        </>
      )}
      {look.error ? <ProblemAlert error={look.error} /> : null}
      {answer.error ? <ProblemAlert error={answer.error} /> : null}
    </Card>
  );
}

/** Questions that wait above, answered ones below; nothing where none is. */
export function Consent(props: { number: string; isOpenOnly?: boolean }) {
  const load = useLoad(
    (signal) =>
      getAll<Disclosure>(path`/cases/${props.number}/disclosures`, {}, signal),
    [props.number],
  );
  const asked = (load.data ?? []).filter((d) => d.consent_due != null);
  const isOpen = (d: Disclosure) => d.state === 'consent_pending';

  return (
    <>
      {[
        ...asked.filter(isOpen),
        ...(props.isOpenOnly ? [] : asked.filter((d) => !isOpen(d))),
      ].map((d) => (
        <Question key={d.id} item={d} reload={load.reload} />
      ))}
    </>
  );
}
