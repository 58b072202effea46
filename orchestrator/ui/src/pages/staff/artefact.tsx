// SPDX-License-Identifier: Apache-2.0
// One artefact: what it is, what was found, its bytes, what people think.
import { useMemo, useState } from 'preact/hooks';
import { download, get, path } from '../../api/client.js';
import type { Finding, FullArtefact } from '../../api/staff.js';
import { Badge, Button, Name } from '../../components/basic.js';
import { ByteSource } from '../../components/bytes.js';
import { ScoreBadge } from '../../components/charts/artefact_map.js';
import { Loaded, useLoad } from '../../components/load.js';
import { Page, type PageProps } from '../../components/page.js';
import { usePages } from '../../components/pages.js';
import { Tabs } from '../../components/tabs.js';
import { Pap, Tlp } from '../../components/tlp.js';
import { useT, wordFor } from '../../i18n/index.js';
import { visibleName } from '../../lib/format.js';
import { useSession } from '../../session.js';
import { ArtefactBytes, ArtefactStrings } from './artefact_bytes.js';
import { ArtefactFacts } from './artefact_facts.js';
import { ArtefactFindings } from './artefact_findings.js';
import { RelatedArtefacts } from './artefact_related.js';
import {
  ArtefactSeal,
  RestrictDialog,
  RestrictionBadge,
} from './artefact_seal.js';
import { ReasonDialog, StateBadge, VerdictBadge } from './parts.js';
import { RunDialog } from './run_dialog.js';

const TABS = ['facts', 'findings', 'bytes', 'strings', 'related'] as const;

function Actions(props: { item: FullArtefact; reload: () => void }) {
  const t = useT();
  const a = t.staff.artefact;
  const { can } = useSession();
  const { item } = props;
  const [dialog, setDialog] = useState<'' | 'run' | 'download' | 'restrict'>(
    '',
  );

  return (
    <>
      {can('run_vm') && (
        <Button kind="primary" onClick={() => setDialog('run')}>
          {a.run}
        </Button>
      )}
      {can('download_sample') && (
        <Button onClick={() => setDialog('download')}>{a.download}</Button>
      )}
      {can('analyse') && (
        <Button onClick={() => setDialog('restrict')}>
          {t.staff.seal.restrict}
        </Button>
      )}
      {dialog === 'restrict' && (
        <RestrictDialog
          item={item}
          reload={props.reload}
          onClose={() => setDialog('')}
        />
      )}
      {dialog === 'run' && (
        <RunDialog artefact={item} onClose={() => setDialog('')} />
      )}
      {dialog === 'download' && (
        <ReasonDialog
          title={a.download}
          label={t.common.reason}
          text={a.downloadText}
          confirm={a.download}
          act={(reason) =>
            download(
              'POST',
              path`/artefacts/${item.id}/download`,
              `${item.sha256}.zip`,
              { reason },
            )
          }
          onClose={() => setDialog('')}
        />
      )}
    </>
  );
}

export default function ArtefactPage({ params, query }: PageProps) {
  const t = useT();
  const a = t.staff.artefact;
  const id = params['id'] ?? '';
  const tab = TABS.find((key) => key === params['tab']) ?? 'facts';
  const load = useLoad(
    (signal) => get<FullArtefact>(path`/artefacts/${id}`, {}, signal),
    [id],
  );

  return (
    <Page
      title={load.data ? visibleName(load.data.name) : a.artefact}
      heading={load.data ? <Name text={load.data.name} /> : a.artefact}
      above={
        load.data
          ? [
              ['/queue', t.staff.queue.title],
              [
                path`/cases/${load.data.case_number}/artefacts`,
                load.data.case_number,
              ],
            ]
          : [['/queue', t.staff.queue.title]]
      }
      actions={load.data && <Actions item={load.data} reload={load.reload} />}
      wide
    >
      <Loaded load={load}>
        {(item) => (
          <>
            <p class="labels">
              <Tlp label={item.tlp} />
              <Pap label={item.pap} />
              <StateBadge state={item.state} />
              <RestrictionBadge item={item} />
              <span>
                {a.score} <ScoreBadge score={item.score} />
              </span>
              {item.verdict && (
                <VerdictBadge
                  value={item.verdict}
                  isConfirmed={item.verdict_confirmed}
                />
              )}
              {item.hash_state === 'mismatch' && (
                <Badge tone="bad">{a.hashMismatch}</Badge>
              )}
              <span class="hint">
                {wordFor(t.staff.words.relation, item.relation ?? 'submitted')}
              </span>
            </p>
            <ArtefactSeal
              key={`${item.id}${item.restriction ?? ''}`}
              item={item}
            />
            <Tabs
              label={a.parts}
              current={tab}
              tabs={TABS.map((key) => ({
                key,
                label: a.tabs[key],
                href: path`/artefacts/${id}/${key}`,
              }))}
            />
            <Content
              key={item.id}
              item={item}
              tab={tab}
              offset={Number(query.get('offset')) || 0}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Content(props: {
  item: FullArtefact;
  tab: (typeof TABS)[number];
  offset: number;
}) {
  const { item } = props;
  const source = useMemo(
    () => new ByteSource(item.id, item.size),
    [item.id, item.size],
  );
  const findings = usePages<Finding>(
    path`/cases/${item.case}/findings`,
    { artefact: item.id },
    500,
  );

  switch (props.tab) {
    case 'findings':
      return <ArtefactFindings item={item} findings={findings} />;
    case 'bytes':
      return (
        <ArtefactBytes
          item={item}
          source={source}
          findings={findings.items ?? []}
          offset={props.offset}
        />
      );
    case 'strings':
      return <ArtefactStrings item={item} source={source} />;
    case 'related':
      return <RelatedArtefacts item={item} />;
    default:
      return <ArtefactFacts item={item} findings={findings} />;
  }
}
