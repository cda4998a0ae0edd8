/**
 * Findings of the area `name`: names must lead each caller to the private address.
 *
 * @module
 */

import type { Area } from './area.ts';
import { dnsOverHttps, hostsWrong, proxyResolves, vpnWithoutDns } from './name/clients.ts';
import { duplicated } from './name/duplicates.ts';
import { forwarderMissing, forwarderWrong } from './name/forwarders.ts';
import { incomplete, misnamed } from './name/groups.ts';
import { hidden } from './name/hiding.ts';
import { ineffective } from './name/policies.ts';
import { conflicts, loops } from './name/rulesets.ts';
import { notLinked, recordMissing, shared, wrongAddress } from './name/zones.ts';

export const name: Area<'name'> = {
  'private-dns-zone-not-linked': notLinked,
  'zone-group-incomplete': incomplete,
  'private-dns-zone-misnamed': misnamed,
  'private-dns-zone-duplicated': duplicated,
  'private-dns-record-missing': recordMissing,
  'private-dns-record-wrong-address': wrongAddress,
  'private-dns-record-shared': shared,
  'private-dns-zone-hides-name': hidden,
  'dns-ruleset-loop': loops,
  'forwarding-rule-zone-conflict': conflicts,
  'dns-forwarder-missing': forwarderMissing,
  'dns-forwarder-wrong-suffix': forwarderWrong,
  'vpn-client-without-private-dns': vpnWithoutDns,
  'dns-policy-ineffective': ineffective,
  'proxy-resolves-publicly': proxyResolves,
  'client-doh-enabled': dnsOverHttps,
  'hosts-file-wrong': hostsWrong,
};
