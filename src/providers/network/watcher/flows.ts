/**
 * IP flow verify: whether the groups around an interface let a packet through, and by which rule.
 *
 * @module
 */

import { ArmError } from '../../../arm/error.ts';
import type { Action } from '../../../arm/provider.ts';
import * as shape from '../../../arm/shape.ts';
import { ip } from '../../../lib/ip.ts';
import type { Protocol } from '../../../lib/ports.ts';
import { askGates } from '../../../net/watch.ts';
import { fromNetwork } from '../../define.ts';
import { machineFor, spotOf, undecided } from './subject.ts';
import { ruleName } from './words.ts';

const port: shape.Shape<string> = {
  wants: "a port from 0 to 65535, or '*'",
  check: (value, at) => {
    const text = String(value);
    if (text === '*' || (/^\d{1,5}$/.test(text) && Number(text) <= 65535)) return text;
    const message = `${at} must be ${port.wants}, not ${JSON.stringify(value)}.`;
    throw new ArmError('InvalidRequestContent', message, { target: at });
  },
};

const parameters = shape.object({
  targetResourceId: shape.required(shape.resourceId),
  targetNicResourceId: shape.resourceId,
  direction: shape.required(shape.oneOf('Inbound', 'Outbound')),
  protocol: shape.required(shape.oneOf('TCP', 'UDP')),
  localIPAddress: shape.required(shape.address),
  localPort: shape.required(port),
  remoteIPAddress: shape.required(shape.address),
  remotePort: shape.required(port),
});

export const ipFlowVerify: Action = {
  right: 'ipFlowVerify/action',
  run: ({ resource: watcher, body }, read) => {
    const asked = parameters.check(body, 'parameters');
    const { direction } = asked;
    const machine = machineFor(watcher, asked.targetResourceId, 'targetResourceId', read);
    const local = ip(asked.localIPAddress);
    const remote = ip(asked.remoteIPAddress);
    const leaves = direction === 'Outbound';
    const [from, to] = leaves ? [asked.localPort, asked.remotePort] : [asked.remotePort, asked.localPort];
    if (to === '*') {
      const target = leaves ? 'remotePort' : 'localPort';
      const message = `${target} must be a port where direction is ${direction}: '*' stands for source ports only.`;
      throw new ArmError('InvalidRequestContent', message, { target });
    }
    const packet = {
      source: leaves ? local : remote,
      destination: leaves ? remote : local,
      protocol: asked.protocol.toLowerCase() as Protocol,
      port: Number(to),
      ...(from === '*' ? {} : { sourcePort: Number(from) }),
    };
    const wanted = {
      machine,
      nic: asked.targetNicResourceId,
      address: local,
      member: 'localIPAddress',
    };
    return fromNetwork((network) => {
      const answer = askGates(spotOf(network, wanted), direction, packet);
      if (answer.kind === 'unknown') throw undecided('whether this flow is allowed', answer.says);
      return {
        access: answer.action === 'allow' ? 'Allow' : 'Deny',
        ruleName: ruleName(answer),
      };
    });
  },
};
