/**
 * The data plane of relays. Its door is real; what is sent through it is refused by name.
 *
 * @module
 */

import type { DataPlane, DataRequest, DataResponse } from '../data-plane.ts';

/** What answers at `<namespace>.servicebus.windows.net`. */
export const relayPlane: DataPlane = {
  audiences: () => ['https://relay.azure.net', 'https://servicebus.azure.net'],
  // Assumed: the words are those of namespaces of the same host names.
  refuse: (request) => told(request, 403, 'Ip has been prevented to connect to the endpoint.'),
  handle: async (request) => {
    const { authorization, servicebusauthorization } = request.headers;
    if (authorization === undefined && servicebusauthorization === undefined) {
      return told(request, 401, 'MissingToken: The authorization header was not found.');
    }
    return told(request, 501, `Cloister does not pass on what is sent through a relay (${request.method}).`);
  },
};

function told({ requestId }: DataRequest, code: number, says: string): DataResponse {
  return {
    status: code,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ error: { code: String(code), message: `${says} TrackingId:${requestId}` } }),
  };
}
