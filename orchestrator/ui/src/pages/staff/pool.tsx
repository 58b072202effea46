// SPDX-License-Identifier: Apache-2.0
// The virtual machines: places, images, and orders to them.
import { useEffect } from 'preact/hooks';
import { post } from '../../api/client.js';
import type { Profile, Slot } from '../../api/staff.js';
import { Card, Hash, Name, Time } from '../../components/basic.js';
import { Page, type PageProps } from '../../components/page.js';
import { PagedTable, usePages } from '../../components/pages.js';
import { useT } from '../../i18n/index.js';
import { asRecord, asText, inline } from '../../logic/findings.js';
import { useSession } from '../../session.js';
import { ActButton, StateBadge } from './parts.js';

export default function PoolPage(_props: PageProps) {
  const t = useT();
  const p = t.staff.pool;
  const { can } = useSession();
  const slots = usePages<Slot>('/vm/slots');
  const profiles = usePages<Profile>('/vm/profiles');
  const order = (what: string, object: string) => async () => {
    await post('/vm/orders', { order: what, object });
    slots.reload();
    profiles.reload();
  };

  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) slots.reload();
    }, 4000);
    return () => window.clearInterval(timer);
  }, [slots.reload]);

  return (
    <Page title={p.title} wide>
      <Card title={p.slots}>
        <p class="hint">{p.slotsHint}</p>
        <PagedTable
          pages={slots}
          caption={p.slots}
          empty={p.noSlots}
          rowKey={(s) => s.name}
          columns={[
            {
              key: 'name',
              head: t.common.name,
              isHead: true,
              cell: (s) => s.name,
            },
            {
              key: 'profile',
              head: t.staff.run.profile,
              cell: (s) => <Name text={s.profile} />,
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (s) => <StateBadge state={s.state} />,
            },
            {
              key: 'reason',
              head: t.common.reason,
              cell: (s) => <Name text={s.reason} />,
            },
            {
              key: 'accel',
              head: p.accel,
              cell: (s) => {
                const d = asRecord(s.detail);
                return (
                  <>
                    {asText(d['accel']).toUpperCase() || '–'}
                    {d['is_kvm'] === false && (
                      <span class="hint block">
                        <Name text={asText(d['accel_reason'])} />
                      </span>
                    )}
                  </>
                );
              },
            },
            {
              key: 'runs',
              head: p.runs,
              numeric: true,
              cell: (s) => inline(asRecord(s.detail)['runs']) || '–',
            },
            {
              key: 'failures',
              head: p.failures,
              numeric: true,
              cell: (s) => inline(asRecord(s.detail)['failures']) || '–',
            },
            {
              key: 'changed',
              head: p.changed,
              cell: (s) => <Time at={s.changed} relative />,
            },
            {
              key: 'act',
              head: t.common.actions,
              cell: (s) =>
                can('manage_vm_images') && (
                  <ActButton
                    small
                    label={p.rebuild}
                    act={order('rebuild', s.name)}
                  />
                ),
            },
          ]}
        />
      </Card>
      <Card
        title={p.images}
        actions={
          can('manage_vm_images') && (
            <ActButton small label={p.check} act={order('check', '')} />
          )
        }
      >
        <PagedTable
          pages={profiles}
          caption={p.images}
          empty={p.noImages}
          rowKey={(x) => x.name}
          columns={[
            {
              key: 'name',
              head: t.common.name,
              isHead: true,
              cell: (x) => (
                <>
                  {asText(asRecord(x.manifest)['title']) || x.name}
                  <span class="hint block">{x.name}</span>
                </>
              ),
            },
            {
              key: 'state',
              head: t.common.state,
              cell: (x) => <StateBadge state={x.state} />,
            },
            {
              key: 'system',
              head: p.system,
              cell: (x) => {
                const m = asRecord(x.manifest);
                return `${asText(m['os'])} ${asText(m['arch'])}, ${asText(m['vcpus'])} CPU, ${asText(m['memory_mib'])} MiB`;
              },
            },
            {
              key: 'accepts',
              head: p.accepts,
              cell: (x) => asText(asRecord(x.manifest)['accepts']),
            },
            {
              key: 'digest',
              head: p.digest,
              cell: (x) => <Hash hex={x.digest} name={p.digest} />,
            },
            {
              key: 'changed',
              head: p.changed,
              cell: (x) => <Time at={x.changed} />,
            },
          ]}
        />
      </Card>
    </Page>
  );
}
