/**
 * Relays of one's own, through which the service of machine learning sends work to a cluster elsewhere.
 *
 * @module
 */

import { keyOf, nameOf } from '../../../lib/key.ts';
import type { LearningExtensionDeclared } from '../../../net/declared/kubernetes.ts';
import { relayOf } from '../../clusters.ts';
import type { Fault } from '../../finding.ts';
import type { Model } from '../../model.ts';
import { setting } from '../../repair.ts';

/** The policy that service and cluster use, and what it lets them do. */
const policy = { name: 'azureml_rw', rights: ['Manage', 'Send', 'Listen'] } as const;

/** A relay that the service cannot come through, or whose keys do not do. */
export function* relayUnusable(model: Model): Generator<Fault> {
  for (const extension of model.network.declared.of('learning-extension')) {
    const { relay, cluster, id } = extension;
    if (relay.key === 'unreadable') {
      const at = 'configurationProtectedSettings.relayServerConnectionString';
      const needs = 'a semicolon before EntityPath';
      yield {
        subject: id,
        at,
        says: `the connection string of ${nameOf(id)} cannot be read: it lacks ${needs}`,
        concerns: [cluster],
        blockers: [{ resource: id, property: at, is: 'one part runs into the next', needs }],
      };
    }
    const service = model.service(relayOf(extension));
    if (relay.connection === undefined || !service) continue;
    yield* closedTo(model, service.fact.id, extension);
    yield* withoutPolicy(model, relay.connection, extension);
  }
}

/** The service comes by the public door, and no exception lets it in. */
function* closedTo(
  model: Model,
  namespace: string,
  { id, cluster }: LearningExtensionDeclared,
): Generator<Fault> {
  const door = model.service(namespace)?.fact.door;
  const rules = model.network.declared
    .of('relay-rules')
    .find((item) => keyOf(item.namespace) === keyOf(namespace));
  const says = `${nameOf(id)} uses ${nameOf(namespace)}, whose door does not let the service of machine learning in`;
  const concerns = [namespace, id, cluster];
  if (door && !door.publicAccess) {
    yield {
      subject: namespace,
      at: door.flag,
      says,
      concerns,
      blockers: [{ resource: namespace, property: door.flag, is: 'Disabled', needs: 'Enabled' }],
      repairs: [{ says: 'open the public door', edits: [setting(namespace, door.flag, 'Enabled')] }],
    };
  }
  if (rules?.closed) {
    yield {
      subject: rules.id,
      at: 'defaultAction',
      says,
      concerns,
      blockers: [{ resource: rules.id, property: 'defaultAction', is: 'Deny', needs: 'Allow' }],
      repairs: [
        { says: 'let all networks in', edits: [setting(rules.id, 'defaultAction', 'Allow')] },
        { says: 'have no rules', edits: [{ kind: 'delete', resource: rules.id }] },
      ],
    };
  }
}

function* withoutPolicy(
  model: Model,
  wanted: string,
  { id, cluster }: LearningExtensionDeclared,
): Generator<Fault> {
  const { declared } = model.network;
  const connection = declared.of('hybrid-connection').find((item) => keyOf(item.id) === keyOf(wanted));
  const found = declared
    .of('relay-policy')
    .find((item) => keyOf(item.of) === keyOf(wanted) && nameOf(item.id).toLowerCase() === policy.name);
  const lacks = policy.rights.filter((right) => !found?.rights.includes(right));
  if (lacks.length === 0) return;
  const subject = found?.id ?? connection?.id ?? id;
  const at = found
    ? 'rights'
    : connection
      ? 'authorizationRules'
      : 'configurationSettings.relayserver.hybridConnectionResourceID';
  const what = connection ? `has no policy ${policy.name}` : 'is not there';
  const is = found ? found.rights.join(', ') : what;
  yield {
    subject,
    at,
    says: found
      ? `the policy ${policy.name} of ${nameOf(wanted)} does not let ${nameOf(id)} ${lacks.join(' and ')}`
      : `the hybrid connection ${nameOf(wanted)} of ${nameOf(id)} ${what}`,
    concerns: [wanted, id, cluster],
    blockers: [{ resource: subject, property: at, is, needs: policy.rights.join(', ') }],
    repairs: found
      ? [{ says: 'give it all three rights', edits: [setting(found.id, 'rights', [...policy.rights])] }]
      : connection
        ? [
            {
              says: `add the policy ${policy.name}`,
              edits: [
                {
                  kind: 'create',
                  creation: { what: 'relay-policy', connection: connection.id, ...policy },
                },
              ],
            },
          ]
        : [],
  };
}
