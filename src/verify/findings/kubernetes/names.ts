/**
 * The name under which a cluster's router serves, and its certificate.
 *
 * @module
 */

import { type Fqdn, isWithin, relativeTo } from '../../../lib/fqdn.ts';
import { nameOf } from '../../../lib/key.ts';
import type { LearningExtensionDeclared } from '../../../net/declared/kubernetes.ts';
import type { Zone } from '../../../net/model.ts';
import { servingExtensions } from '../../clusters.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { answerOf } from '../../names.ts';

/** A router that is to speak TLS alone, and cannot (`E40007`). */
export function* certificateUnusable(model: Model): Generator<Fault> {
  for (const { extension } of servingExtensions(model)) {
    const wrong = extension.router.insecure ? undefined : wrongAbout(extension);
    if (!wrong) continue;
    const { at, is, needs, nearMiss } = wrong;
    yield {
      subject: extension.id,
      at,
      says: `${nameOf(extension.id)} is to serve over TLS alone: ${is}`,
      nearMiss,
      concerns: [extension.cluster],
      blockers: [{ resource: extension.id, property: at, is, needs }],
    };
  }
}

interface Wrong {
  readonly at: string;
  readonly is: string;
  readonly needs: string;
  readonly nearMiss?: string;
}

const sent = 'scoringFe.sslCert and scoringFe.sslKey, with the contents in base64';

function wrongAbout({ router }: LearningExtensionDeclared): Wrong | undefined {
  const at = 'configurationProtectedSettings';
  switch (router.certificate) {
    case 'none':
      return { at, is: 'there is neither a certificate nor a secret', needs: `sslSecret, or ${sent}` };
    case 'half':
      return { at, is: 'certificate and key do not come in a pair', needs: sent };
    case 'path':
      return {
        at: `${at}.sslCertPemFile`,
        is: 'nobody reads the file that a template names',
        needs: sent,
        nearMiss: 'sslCertPemFile',
      };
    case 'given':
      return router.hostName === undefined
        ? {
            at: 'configurationSettings.sslCname',
            is: 'there is no name for the certificate',
            needs: 'the name in the certificate',
          }
        : undefined;
  }
}

/** A name of a zone that clients ask, and the zone does not have it. A name of other zones is not known here. */
export function* nameWithoutRecord(model: Model): Generator<Fault> {
  for (const { extension } of servingExtensions(model)) {
    const { hostName, insecure } = extension.router;
    if (hostName === undefined || insecure) continue;
    const asked = zonesFor(model, hostName);
    const [zone] = asked;
    if (!zone || asked.some((one) => hasRecord(one, hostName))) continue;
    const record = relativeTo(hostName, zone.name);
    yield {
      subject: zone.id,
      at: record,
      says: `${nameOf(extension.id)} serves as ${hostName}, and ${zone.name} has no record ${record}`,
      concerns: [extension.id, extension.cluster, hostName],
      blockers: [
        { resource: zone.id, property: record, is: 'no record', needs: 'the address of the router' },
      ],
    };
  }
}

/** The zones that answer for a name in some network, each once. */
function zonesFor(model: Model, name: Fqdn): readonly Zone[] {
  const found = [...model.network.views.values()].flatMap((view) => {
    const zones = [...view.values()].map(({ zone }) => zone).filter((zone) => isWithin(name, zone.name));
    return zones.toSorted((a, b) => b.name.length - a.name.length).slice(0, 1);
  });
  return [...new Set(found)];
}

function hasRecord(zone: Zone, name: Fqdn): boolean {
  const relative = relativeTo(name, zone.name);
  return zone.records.has(relative) || answerOf(zone, name) !== undefined;
}
