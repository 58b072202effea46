// SPDX-License-Identifier: Apache-2.0
// Who saw, took or received the data of a case.
import { getAll, path } from '../../api/client.js';
import type { AccessEvent } from '../../api/types.js';
import { Badge, Empty, Name, Time, type Tone } from '../../components/basic.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Table } from '../../components/table.js';
import { useT, wordFor } from '../../i18n/index.js';
import { Consent } from './consent.js';

const tones: Record<string, Tone> = {
  downloaded: 'warn',
  unsealed: 'warn',
  disclosed: 'warn',
  deleted: 'bad',
  recalled: 'bad',
};

export function Access(props: { number: string }) {
  const t = useT();
  const load = useLoad(
    (signal) =>
      getAll<AccessEvent>(path`/cases/${props.number}/access`, {}, signal),
    [props.number],
  );

  return (
    <>
      <p class="lead">{t.access.lead}</p>
      <Consent number={props.number} />
      <Loaded load={load} missing={<Empty>{t.common.notHere}</Empty>}>
        {(list) =>
          list.length === 0 ? (
            <Empty>{t.access.none}</Empty>
          ) : (
            <Table
              caption={t.casePage.access}
              rows={list.map((e, i) => ({ ...e, i }))}
              rowKey={(e) => e.i}
              columns={[
                {
                  key: 'at',
                  head: t.common.time,
                  isHead: true,
                  cell: (e) => <Time at={e.at} />,
                },
                {
                  key: 'event',
                  head: t.access.event,
                  cell: (e) => (
                    <Badge tone={tones[e.event] ?? 'info'}>
                      {wordFor(t.access.events, e.event)}
                    </Badge>
                  ),
                },
                {
                  key: 'who',
                  head: t.access.who,
                  cell: (e) => (
                    <>
                      {wordFor(t.access.roles, e.role)}
                      {e.org_name && (
                        <>
                          , <Name text={e.org_name} />
                        </>
                      )}
                    </>
                  ),
                },
                {
                  key: 'what',
                  head: t.access.what,
                  cell: (e) =>
                    e.artefact_name ? <Name text={e.artefact_name} /> : '–',
                },
                {
                  key: 'purpose',
                  head: t.access.purpose,
                  cell: (e) =>
                    e.purpose ? (
                      <Name text={wordFor(t.staff.words.purposes, e.purpose)} />
                    ) : (
                      '–'
                    ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}
