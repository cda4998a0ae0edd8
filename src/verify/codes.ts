/**
 * The codes of findings. A code names the fault in the configuration, never the symptom; it is stable: it may get a
 * wider requirement table, but it is never renamed or given another meaning (docs/findings).
 *
 * @module
 */

/** The part of an estate that a code is about, in the order in which faults are judged (`precedence.ts`). */
export type AreaName =
  | 'name'
  | 'address'
  | 'route'
  | 'gate'
  | 'endpoint'
  | 'door'
  | 'caller'
  | 'compute'
  | 'image'
  | 'serving'
  | 'kubernetes'
  | 'operations'
  | 'intent';

/**
 * `error`: a flow that the platform needs does not work, or the deployment is refused. `warning`: it works for some
 * callers or for now. `note`: expected, and it surprises people; nothing is broken.
 */
export type Severity = 'error' | 'warning' | 'note';

interface CodeRow {
  readonly area: AreaName;
  /** Unless the finding says otherwise. */
  readonly severity: Severity;
  /** What a decision needs beyond resources: a site or server of cloister.yaml, or a running system. */
  readonly needs?: 'client' | 'live';
}

export const codes = {
  // name
  'private-dns-zone-not-linked': { area: 'name', severity: 'error' },
  'zone-group-incomplete': { area: 'name', severity: 'error' },
  'private-dns-zone-misnamed': { area: 'name', severity: 'error' },
  'private-dns-zone-duplicated': { area: 'name', severity: 'error' },
  'private-dns-record-missing': { area: 'name', severity: 'error' },
  'private-dns-record-wrong-address': { area: 'name', severity: 'error' },
  'private-dns-record-shared': { area: 'name', severity: 'error' },
  'private-dns-zone-hides-name': { area: 'name', severity: 'warning' },
  'dns-forwarder-missing': { area: 'name', severity: 'error', needs: 'client' },
  'dns-forwarder-wrong-suffix': { area: 'name', severity: 'error', needs: 'client' },
  'dns-ruleset-loop': { area: 'name', severity: 'error' },
  'forwarding-rule-zone-conflict': { area: 'name', severity: 'error' },
  'vpn-client-without-private-dns': { area: 'name', severity: 'error' },
  'dns-policy-ineffective': { area: 'name', severity: 'error' },
  'proxy-resolves-publicly': { area: 'name', severity: 'error', needs: 'client' },
  'client-doh-enabled': { area: 'name', severity: 'error', needs: 'client' },
  'hosts-file-wrong': { area: 'name', severity: 'error', needs: 'client' },
  // address
  'address-space-overlap': { area: 'address', severity: 'error' },
  'cluster-cidr-overlap': { area: 'address', severity: 'error' },
  'docker-bridge-range-used': { area: 'address', severity: 'error' },
  'subnet-capacity-exceeded': { area: 'address', severity: 'error' },
  // route
  'no-route-to-endpoint': { area: 'route', severity: 'error' },
  'compute-service-routes-missing': { area: 'route', severity: 'error' },
  'cluster-route-table-invalid': { area: 'route', severity: 'error' },
  'endpoint-route-not-applied': { area: 'route', severity: 'warning' },
  'route-table-full': { area: 'route', severity: 'error' },
  'egress-path-missing': { area: 'route', severity: 'error' },
  'service-endpoint-bypasses-firewall': { area: 'route', severity: 'warning' },
  // gate
  'nsg-outbound-required-blocked': { area: 'gate', severity: 'error' },
  'nsg-inbound-required-blocked': { area: 'gate', severity: 'error' },
  'nsg-ignored-on-endpoint': { area: 'gate', severity: 'warning' },
  'subnet-without-nsg': { area: 'gate', severity: 'warning' },
  'firewall-platform-host-blocked': { area: 'gate', severity: 'error' },
  'firewall-user-host-blocked': { area: 'gate', severity: 'warning' },
  'client-egress-interferes': { area: 'gate', severity: 'error', needs: 'client' },
  'service-endpoint-policy-too-narrow': { area: 'gate', severity: 'error' },
  // endpoint
  'private-endpoint-missing': { area: 'endpoint', severity: 'error' },
  'private-endpoint-pending': { area: 'endpoint', severity: 'error' },
  'private-endpoint-rejected': { area: 'endpoint', severity: 'error' },
  'private-endpoint-approval-repeated': { area: 'endpoint', severity: 'warning' },
  'private-endpoint-region-mismatch': { area: 'endpoint', severity: 'error' },
  'subnet-reference-unresolved': { area: 'endpoint', severity: 'error' },
  'subnet-network-policies-enabled': { area: 'endpoint', severity: 'error' },
  'dependency-endpoint-misplaced': { area: 'endpoint', severity: 'warning' },
  // door
  'public-access-off-without-endpoint': { area: 'door', severity: 'error' },
  'public-access-disabled-for-caller': { area: 'door', severity: 'error' },
  'network-acls-exclude-caller': { area: 'door', severity: 'error' },
  'ip-rule-not-evaluated': { area: 'door', severity: 'error' },
  'trusted-bypass-off': { area: 'door', severity: 'error' },
  'dependency-left-public': { area: 'door', severity: 'warning' },
  'control-plane-not-private': { area: 'door', severity: 'note' },
  'workspace-public-path-limited': { area: 'door', severity: 'warning' },
  'studio-datastore-identity': { area: 'door', severity: 'warning' },
  'registry-sku-not-premium': { area: 'door', severity: 'error' },
  'authentication-mode-refused': { area: 'door', severity: 'error' },
  // caller
  'role-action-missing': { area: 'caller', severity: 'error' },
  'role-definition-invalid': { area: 'caller', severity: 'error' },
  'network-join-right-missing': { area: 'caller', severity: 'error' },
  'endpoint-approval-right-missing': { area: 'caller', severity: 'error' },
  'workspace-identity-not-trusted': { area: 'caller', severity: 'error' },
  'workspace-primary-identity-missing': { area: 'caller', severity: 'error' },
  'storage-data-role-missing': { area: 'caller', severity: 'error' },
  'storage-endpoint-reader-missing': { area: 'caller', severity: 'warning' },
  'registry-pull-role-missing': { area: 'caller', severity: 'error' },
  // compute
  'network-group-locked': { area: 'compute', severity: 'error' },
  'nopip-compute-without-endpoint': { area: 'compute', severity: 'error' },
  'compute-placement-mismatch': { area: 'compute', severity: 'error' },
  'compute-not-behind-endpoint': { area: 'compute', severity: 'error' },
  'managed-network-not-provisioned': { area: 'compute', severity: 'error' },
  'managed-network-config-refused': { area: 'compute', severity: 'error' },
  'managed-network-destination-not-allowed': { area: 'compute', severity: 'error' },
  // image
  'image-build-compute-missing': { area: 'image', severity: 'error' },
  'registry-task-not-trusted': { area: 'image', severity: 'error' },
  'registry-task-bypass-off': { area: 'image', severity: 'error' },
  // serving
  'v1-legacy-mode-on': { area: 'serving', severity: 'error' },
  'deployment-egress-public-dependency-private': { area: 'serving', severity: 'error' },
  'deployment-needs-build-without-egress': { area: 'serving', severity: 'error' },
  'serving-visibility-follows-workspace': { area: 'serving', severity: 'warning' },
  // kubernetes
  'kubernetes-router-type-invalid': { area: 'kubernetes', severity: 'error' },
  'kubernetes-router-public': { area: 'kubernetes', severity: 'warning' },
  'kubernetes-tls-invalid': { area: 'kubernetes', severity: 'error' },
  'kubernetes-router-name-without-record': { area: 'kubernetes', severity: 'error' },
  'kubernetes-legacy-router-present': { area: 'kubernetes', severity: 'error', needs: 'live' },
  'kubernetes-proxy-skip-incomplete': { area: 'kubernetes', severity: 'error' },
  'kubernetes-private-cluster-public-name': { area: 'kubernetes', severity: 'error' },
  'relay-configuration-unusable': { area: 'kubernetes', severity: 'error' },
  // operations
  'setting-ineffective': { area: 'operations', severity: 'warning' },
  'synapse-exfiltration-protection': { area: 'operations', severity: 'error' },
  'cmk-vault-unprotected': { area: 'operations', severity: 'error' },
  'default-storage-hierarchical': { area: 'operations', severity: 'error' },
  // intent: what cloister.yaml asks for and accepts
  'intent-not-met': { area: 'intent', severity: 'error' },
  'accept-expiring': { area: 'intent', severity: 'warning' },
  'accept-unused': { area: 'intent', severity: 'warning' },
} as const satisfies Readonly<Record<string, CodeRow>>;

/** What kind of fault a finding is. */
export type FindingCode = keyof typeof codes;

/** The codes of one area. */
export type CodesOf<A extends AreaName> = {
  [C in FindingCode]: (typeof codes)[C]['area'] extends A ? C : never;
}[FindingCode];
