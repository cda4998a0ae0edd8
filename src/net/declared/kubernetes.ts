/**
 * Declared facts about clusters, the extension and its relay. None yet.
 *
 * @module
 */

export type KubernetesDeclared = never;
